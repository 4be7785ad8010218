"""What applications read from their two files is what they were given, by Node.js and by systemd."""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from programs import ROLES, program

secrets = program("secrets/files/platform-secrets")

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

PLAY = f"""
- name: Write
  hosts: localhost
  connection: local
  gather_facts: false
  vars_files: ["{ROLES}/application/vars/main.yml"]
  vars:
    item:
      {{name: app, port: 3000, environment: "{{{{ values }}}}", secrets: {{PGUSER: databaseLogin.user, SECRET: one}}}}
    application_root: /srv
    application_concurrency: 101
    application_processes: 2
    application_reload: [systemctl, reload, pm2@%i.service]
    application_turn_seconds: 0
  tasks:
    - name: Write
      ansible.builtin.template:
        src: "{ROLES}/application/templates/{{{{ template }}}}"
        dest: "{{{{ to }}}}"
        mode: "0600"
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

    def write(self, reader, values, template="environment.j2", **more):
        variables = {
            "template": template,
            "to": str(self.file),
            "application_reader": reader,
            "values": values,
            **more,
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
        given = {"PORT": "3000", "MAX_CONCURRENT_REQUESTS": "51"}
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
        self.assertEqual(read_by_systemd(self.file.read_text()), read_by_node(self.file))

    def test_a_value_that_node_could_not_read_is_refused_by_name_and_not_shown(self):
        for name in ("ALL", "RETURN"):
            run = self.write("node", {name: f"hush {SYSTEMD_ONLY[name]}"})
            self.assertEqual(run.returncode, 2, run.stdout)
            self.assertIn(f"{name} of app: Node.js reads no", " ".join(run.stderr.split()))
            self.assertNotIn("hush", run.stdout + run.stderr)
            self.assertFalse(self.file.exists())

    def test_secrets_are_named_and_the_check_gets_what_is_no_secret(self):
        run = self.write("node", {"NUMBER": 5}, "secrets.json.j2")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        written = json.loads(self.file.read_text())
        [file] = written["files"]
        self.assertEqual((file["path"], file["owner"], file["mode"]), ("/etc/platform/env/app.env", "root", "0640"))
        self.assertEqual(file["values"], {"PGUSER": "databaseLogin.user", "SECRET": "one"})
        self.assertEqual(written["environment"], {"HOME": "/srv/app", **self.expected({"NUMBER": 5})})
        self.assertEqual(written["reload"], ["systemctl", "reload", "pm2@app.service"])
        self.assertNotIn("turn_seconds", written)

    def test_an_application_without_a_command_has_no_reload(self):
        run = self.write("node", {}, "secrets.json.j2", application_reload=[])
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        self.assertNotIn("reload", json.loads(self.file.read_text()))


class SecretsFileTest(unittest.TestCase):
    def content(self, reader, values):
        return secrets.content_of({"reader": reader}, {name: str(value) for name, value in values.items()})

    def test_node_reads_what_was_given(self):
        with tempfile.NamedTemporaryFile("w", suffix=".env", encoding="utf-8", newline="") as file:
            file.write(self.content("node", VALUES))
            file.flush()
            self.assertEqual(read_by_node(file.name), {name: str(value) for name, value in VALUES.items()})

    def test_systemd_reads_what_was_given(self):
        values = {**VALUES, **SYSTEMD_ONLY}
        read = read_by_systemd(self.content("systemd", values))
        self.assertEqual(read, {name: str(value) for name, value in values.items()})

    def test_a_value_that_cannot_be_read_is_refused_by_name_and_not_shown(self):
        for reader, value in [("node", value) for value in SYSTEMD_ONLY.values()] + [("systemd", "a\0b")]:
            with self.assertRaises(secrets.Unusable) as caught:
                self.content(reader, {"NAME": f"hush {value}"})
            self.assertTrue(str(caught.exception).startswith("NAME: "))
            self.assertNotIn("hush", str(caught.exception))


if __name__ == "__main__":
    unittest.main()
