from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline


class Classifier:
    """Intents from examples: {intent: [sentence, ...]}. Parts of words are compared, so that typing errors matter little."""

    def __init__(self, examples):
        sentences = [(sentence, intent) for intent, sentences in examples.items() for sentence in sentences]
        self.model = make_pipeline(
            TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 4), lowercase=True),
            LogisticRegression(C=10.0, max_iter=1000),
        )
        self.model.fit([sentence for sentence, _ in sentences], [intent for _, intent in sentences])

    def intent(self, text):
        """The most probable intent and its probability."""
        probabilities = self.model.predict_proba([text])[0]
        best = probabilities.argmax()
        return str(self.model.classes_[best]), float(probabilities[best])
