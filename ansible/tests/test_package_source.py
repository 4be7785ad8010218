"""The signing key of a package source is taken by its fingerprint, and by nothing else: with keys of gpg's own. And what the
roles of GitLab and its runners write for others to read."""

import contextlib
import importlib.util
import io
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import HTTPServer

import jinja2
from programs import ROLES
from services import Service

spec = importlib.util.spec_from_file_location("key", ROLES / "package-source/files/key.py")
key = importlib.util.module_from_spec(spec)
spec.loader.exec_module(key)


class Keys(Service):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.keys.get(self.path)
        self.reply(404 if content is None else 200, content or b"")


def generate(home, name, end):
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", name, "ed25519", "sign", end], check=True, capture_output=True)
    public = subprocess.run([*gpg, "--armor", "--export", name], check=True, capture_output=True).stdout
    shown = subprocess.run([*gpg, "--with-colons", "--list-keys", name], check=True, capture_output=True, text=True).stdout
    return public, next(line.split(":")[9] for line in shown.splitlines() if line.startswith("fpr"))


class SigningKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        home = pathlib.Path(folder.name, "home")
        home.mkdir(mode=0o700)
        cls.addClassCleanup(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        cls.good, cls.fingerprint = generate(home, "good", "1y")
        cls.other, cls.another = generate(home, "other", "1y")
        cls.old, cls.expired = generate(home, "old", "seconds=1")
        # It ends after a second.
        time.sleep(2)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "gitlab.asc")
        self.server = HTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.addCleanup(lambda: (self.server.shutdown(), self.server.server_close()))
        self.server.asked, self.server.keys = [], {"/key": self.good}

    def have(self, fingerprint, path="/key"):
        """(what it printed, why it failed)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            why = key.main(str(self.file), f"http://127.0.0.1:{self.server.server_port}{path}", fingerprint)
        return out.getvalue(), why

    def test_it_is_fetched_once(self):
        spaced = " ".join(self.fingerprint[at : at + 4] for at in range(0, 40, 4)).lower()
        self.assertEqual(self.have(spaced), (f"fetched {self.fingerprint}\n", None))
        self.assertEqual(self.file.read_bytes(), self.good)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o644)
        self.assertEqual(self.have(self.fingerprint), ("", None))
        self.assertEqual(self.server.asked, ["/key"])

    def test_another_one_is_not_taken_nor_is_one_that_brings_another_along(self):
        for content in (self.other, self.good + self.other, b"no key", b""):
            self.server.keys["/key"] = content
            out, why = self.have(self.fingerprint)
            self.assertEqual(out, "")
            self.assertIn(f"allowed is one valid key with the fingerprint {self.fingerprint}", why)
        self.assertEqual(list(self.file.parent.iterdir()), [])

    def test_one_that_has_expired_is_fetched_anew(self):
        self.file.write_bytes(self.old)
        self.server.keys["/key"] = self.old
        self.assertIn(f"{self.expired}, which has expired", self.have(self.expired)[1])
        self.assertEqual(self.server.asked, ["/key"])

    def test_a_server_without_it_is_named(self):
        self.assertIn("/none gives no key: Not Found", self.have(self.fingerprint, "/none")[1])


# What apt and systemd read, and the settings of programs, by the template's path in `roles/`.
WRITTEN = {
    "package-source/templates/source.sources.j2": """Types: deb
URIs: https://packages.example/gitlab/debian
Suites: trixie
Components: main
Signed-By: /etc/apt/keyrings/gitlab.asc
""",
    "package-source/templates/preferences.j2": """Package: *
Pin: origin "packages.example"
Pin-Priority: -1

# Also of what the first one needs in its own version: apt would take the newest, and say that they do not go together.
Package: gitlab-ee gitlab-more
Pin: version 18.6.1-ee.0
Pin-Priority: 1001

Package: gitlab-ee gitlab-more
Pin: origin "packages.example"
Pin-Priority: 500
""",
    "gitlab/templates/gitlab.json.j2": {
        "package": "gitlab-ee",
        "store": "https://store.example/",
        "client_id": "client-1",
        "folder": "gitlab/tools/gitlab",
        "keep": 14,
    },
    "gitlab-runner/templates/secrets.json.j2": {
        "name": "gitlab-runner",
        "inputs": {"token": "runnerToken"},
        "run": [
            *("/usr/local/sbin/platform-gitlab-runner", "--url", "http://gitlab.internal:80", "--executor", "shell"),
            *("--concurrent", "2", "--stop-timeout", "600"),
        ],
    },
}

GIVEN = {
    "package_source_name": "gitlab",
    "package_source_repository": {"url": "https://packages.example/gitlab/debian", "suite": "trixie", "component": "main"},
    "package_source_packages": ["gitlab-ee", "gitlab-more"],
    "package_source_version": "18.6.1-ee.0",
    "gitlab_package": "gitlab-ee",
    "gitlab_store": "https://store.example/",
    "gitlab_client_id": "client-1",
    "gitlab_backup_folder": "gitlab/tools/gitlab",
    "gitlab_backups_kept": 14,
    "gitlab_runner_token": "runnerToken",
    "gitlab_runner_url": "http://gitlab.internal:80",
    "gitlab_runner_executor": "shell",
    "gitlab_runner_concurrent": 2,
    "gitlab_runner_stop_timeout": 600,
    "ansible_managed": "Ansible managed",
}


class Written(unittest.TestCase):
    def test_files_say_what_the_variables_do(self):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            tasks = [
                {"ansible.builtin.template": {"src": str(ROLES / path), "dest": str(here / str(number)), "mode": "0600"}}
                for number, path in enumerate(WRITTEN)
            ]
            play = [{"hosts": "localhost", "connection": "local", "gather_facts": False, "tasks": tasks}]
            (here / "play.yml").write_text(json.dumps(play))
            program = ROLES.parents[1] / ".venv/bin/ansible-playbook"
            command = [program, "-e", json.dumps(GIVEN), here / "play.yml"]
            environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "False"}
            done = subprocess.run(command, env=environment, cwd=here, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            for number, (path, expected) in enumerate(WRITTEN.items()):
                text = (here / str(number)).read_text()
                found = text.split("#\n", 2)[-1] if isinstance(expected, str) else json.loads(text)
                self.assertEqual(found, expected, path)


@unittest.skipUnless(shutil.which("apt-get"), "apt is not there")
class Chosen(unittest.TestCase):
    """By apt itself, of a repository of this shape: each version of one package needs another of the same version."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name)
        for name in ("etc/apt/preferences.d", "lists/partial", "cache/archives/partial", "repository"):
            (self.root / name).mkdir(parents=True)
        (self.root / "status").touch()
        package = "Package: {}\nVersion: {}\nArchitecture: all\n{}Filename: {}\nSize: 1\n\n"
        entries = [
            package.format(name, version, needs.format(version), name)
            for version in ("17.0-1", "18.0-1")
            for name, needs in (("runner", "Depends: images (= {})\n"), ("images", ""), ("libc6", ""))
        ]
        (self.root / "repository/Packages").write_text("".join(entries))
        # As apt names its host: of a file it is none.
        (self.root / "etc/apt/sources.list").write_text(f"deb [trusted=yes] file:{self.root}/repository ./\n")

    def apt(self, version, *command):
        environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
        environment.filters |= {"comment": lambda text: f"# {text}", "urlsplit": lambda *_: ""}
        template = (ROLES / "package-source/templates/preferences.j2").read_text(encoding="utf-8")
        values = {**GIVEN, "package_source_packages": ["runner", "images"], "package_source_version": version}
        (self.root / "etc/apt/preferences.d/runner").write_text(environment.from_string(template).render(values))
        places = {"": self.root, "::Etc": "etc/apt", "::State::lists": self.root / "lists", "::Cache": self.root / "cache",
                  "::State::status": self.root / "status"}
        options = [f"-oDir{name}={place}" for name, place in places.items()]
        return subprocess.run(["apt-get", *options, "-oDebug::NoLocking=1", "-oAPT::Sandbox::User=", *command], capture_output=True, text=True)

    def chosen(self, version):
        self.assertEqual(self.apt(version, "update").returncode, 0)
        run = self.apt(version, "--simulate", "install", f"runner={version}" if version else "runner")
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        return sorted(line.split(" (")[0] + " " + line.split("(")[1].split()[0] for line in run.stdout.splitlines() if line.startswith("Inst"))

    def test_a_version_counts_for_what_is_needed_in_the_same_one(self):
        self.assertEqual(self.chosen("17.0-1"), ["Inst images 17.0-1", "Inst runner 17.0-1"])

    def test_without_a_version_it_is_the_newest(self):
        self.assertEqual(self.chosen(""), ["Inst images 18.0-1", "Inst runner 18.0-1"])

    def test_what_is_not_named_is_not_taken_from_there(self):
        self.apt("", "update")
        self.assertIn("libc6", self.apt("", "--simulate", "install", "libc6").stderr)


if __name__ == "__main__":
    unittest.main()
