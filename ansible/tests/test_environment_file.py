"""What applications read from `shared/.env` is what they were given, by Node.js and by systemd."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from programs import ROLES

VALUES = {
    "PLAIN": "text",
    "NUMBER": 5,
    "EMPTY": "",
    "SPACES": "  two  ",
    "HASH": "a # b ; c",
    "DOLLAR": "$HOME ${PATH} $$",
    "BACKTICK": "`id`",
    "DOUBLE": 'say "no"',
    "BACKSLASH": "c:\\new\\",
    "LINES": "one\ntwo\n",
    "SINGLE": "it's",
    "SINGLE_DOLLAR": "it's $5 `now`",
    "SINGLE_BACKSLASH": "it's c:\\temp",
    "SINGLE_NEW": "it's c:\\new",
    "BOTH": "'single' and \"double\" # $x",
    "SINGLE_LINES": "it's\ntwo",
    "SINGLE_END": "'\\",
}
# Node.js has no way to write these.
SYSTEMD_ONLY = {"ALL": "' \" ` $ \\", "RETURN": "a\r\nb"}

PLAY = """
- name: Write
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write
      ansible.builtin.template: {src: "{{ template }}", dest: "{{ to }}", mode: "0600"}
      vars:
        item: {name: app, port: 3000, environment: "{{ values }}", secrets: {SECRET: one}}
        application_secrets: {one: "s'ecret"}
        application_concurrency: 101
        application_processes: 2
"""


def read_by_systemd(text):
    """As systemd.exec(5), EnvironmentFile=, and parse_env_file_internal() of systemd 257 say."""
    values, at = {}, 0
    while at < len(text):
        if text[at] in "#;\n":
            at = len(text) if text[at] != "\n" and "\n" not in text[at:] else text.index("\n", at) + 1
            continue
        name, _, rest = text[at:].partition("=")
        value, quote, start = "", None, len(text) - len(rest)
        at = start
        while at < len(text) and (quote or text[at] != "\n"):
            char = text[at]
            if quote is None and char in "'\"":
                quote = char
            elif char == quote:
                quote = None
            elif char == "\\" and quote != "'":
                at += 1
                following = text[at]
                if quote == '"' and following not in '"\\`$\n':
                    value += "\\"
                value += "" if following == "\n" else following
            else:
                value += char
            at += 1
        values[name] = value
    return values


def read_by_node(file):
    script = "console.log(JSON.stringify(require('util').parseEnv(require('fs').readFileSync(process.argv[1], 'utf8'))))"
    return json.loads(subprocess.run(["node", "-e", script, file], check=True, capture_output=True, text=True).stdout)


class EnvironmentFileTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name) / ".env"
        self.play = pathlib.Path(folder.name) / "play.yml"
        self.play.write_text(PLAY)

    def write(self, reader, values):
        variables = {
            "template": str(ROLES / "application/templates/environment.j2"),
            "to": str(self.file),
            "application_reader": reader,
            "values": values,
        }
        command = ["ansible-playbook", "-i", "localhost,", "-e", "ansible_python_interpreter=python3", self.play]
        environment = {**os.environ, "ANSIBLE_STRATEGY": "linear"}
        return subprocess.run(
            [*command, "-e", json.dumps(variables)],
            cwd=ROLES.parent,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )

    def expected(self, values):
        given = {"PORT": "3000", "MAX_CONCURRENT_REQUESTS": "51", "SECRET": "s'ecret"}
        return {**given, **{name: str(value) for name, value in values.items()}}

    def test_node_reads_what_was_given(self):
        run = self.write("node", VALUES)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertEqual(read_by_node(self.file), self.expected(VALUES))

    def test_systemd_reads_what_was_given(self):
        values = {**VALUES, **SYSTEMD_ONLY}
        run = self.write("systemd", values)
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        with open(self.file, encoding="utf-8", newline="") as file:
            self.assertEqual(read_by_systemd(file.read()), self.expected(values))

    def test_both_read_the_same_where_no_value_has_a_single_quote(self):
        values = {name: value for name, value in VALUES.items() if "'" not in str(value)}
        self.write("node", values)
        # The test's own secret has one.
        text = self.file.read_text().replace('SECRET="s\'ecret"\n', "")
        node = {name: value for name, value in read_by_node(self.file).items() if name != "SECRET"}
        self.assertEqual(read_by_systemd(text), node)

    def test_a_value_that_node_could_not_read_is_refused_by_name_and_not_shown(self):
        for name in ("ALL", "RETURN"):
            run = self.write("node", {name: f"hush {SYSTEMD_ONLY[name]}"})
            self.assertEqual(run.returncode, 2, run.stdout)
            self.assertIn(f"{name} of app: Node.js reads no", " ".join(run.stderr.split()))
            self.assertNotIn("hush", run.stdout + run.stderr)
            self.assertFalse(self.file.exists())


if __name__ == "__main__":
    unittest.main()
