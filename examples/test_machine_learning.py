"""machine-learning refuses what is too much, with a stand-in for its model."""

import http.client
import importlib.util
import pathlib
import sys
import threading
import time
import types
import unittest
from unittest import mock

FOLDER = pathlib.Path(__file__).parent / "machine-learning"


def load_server():
    spec = importlib.util.spec_from_file_location("machine_learning_server", FOLDER / "server.py")
    module = importlib.util.module_from_spec(spec)
    with mock.patch.dict(sys.modules, {"classifier": types.SimpleNamespace(Classifier=None)}):
        spec.loader.exec_module(module)
    return module


class SlowClassifier:
    def __init__(self):
        self.entered = threading.Semaphore(0)
        self.go_on = threading.Event()

    def intent(self, _text):
        self.entered.release()
        self.go_on.wait(10)
        return "greeting", 0.9


class MachineLearningTest(unittest.TestCase):
    def setUp(self):
        module = load_server()
        self.server = module.Server(("127.0.0.1", 0), module.Handler)
        self.server.classifier = self.classifier = SlowClassifier()
        self.server.room = threading.BoundedSemaphore(2)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        self.addCleanup(self.classifier.go_on.set)

    def ask(self, path="/intent?text=hello", headers=None):
        connection = http.client.HTTPConnection(*self.server.server_address, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", path, headers=headers or {})
        return connection

    def status(self, connection):
        answer = connection.getresponse()
        return answer.status, answer.getheader("Retry-After")

    def test_what_has_no_room_is_refused_at_once_and_health_is_answered_all_the_same(self):
        working = [self.ask(), self.ask()]
        for _ in working:
            self.assertTrue(self.classifier.entered.acquire(timeout=10))
        self.assertEqual(self.status(self.ask()), (503, "1"))
        self.assertEqual(self.status(self.ask("/health"))[0], 200)
        self.classifier.go_on.set()
        self.assertEqual([self.status(each)[0] for each in working], [200, 200])
        self.assertEqual(self.status(self.ask())[0], 200)

    def test_what_nobody_waits_for_any_more_is_not_worked_on(self):
        late = {"X-Request-Start": f"t={time.time() - 5:.3f}", "X-Request-Timeout": "4000"}
        self.assertEqual(self.status(self.ask(headers=late))[0], 504)
        self.classifier.go_on.set()
        self.assertEqual(self.status(self.ask(headers={**late, "X-Request-Timeout": "60000"}))[0], 200)


if __name__ == "__main__":
    unittest.main()
