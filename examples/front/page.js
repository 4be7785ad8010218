const escape = (value) => String(value).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
const item = ({ text, intent, at }) => `<li>${escape(text)} <small>${escape(intent ?? "?")}, ${escape(at)}</small></li>`;

/** The answer for a browser. */
export function page({ passed, back }) {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>Messages</title>
<h1>Messages</h1>
<form method="post" action="/"><input name="text" required maxlength="500" aria-label="Message"><button>Send</button></form>
<ul>${(back?.messages ?? []).map(item).join("")}</ul>
<p>This request passed ${passed.map(escape).join(" &rarr; ")}</p>
</html>
`;
}
