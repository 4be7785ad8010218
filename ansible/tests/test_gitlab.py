"""The program that configures GitLab, backs it up and restores it: against Azurite, Microsoft's emulator of storage, with
commands of GitLab's that keep one file. And what gitlab.rb says."""

import base64
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import threading
import time
import unittest
import urllib.error
import urllib.request
from unittest import mock

from programs import ROLES, program
from services import MachineTest, Metadata, Service, certificate

gitlab = program("gitlab/files/platform-gitlab")

PROJECT = pathlib.Path(__file__).parents[2]
AZURITE = PROJECT / "node_modules/azurite/dist/src/blob/main.js"

# What GitLab keeps is one file. Its commands log what they were asked.
COMMANDS = {
    "gitlab-ctl": 'echo "gitlab-ctl $*" >>{here}/log',
    "gitlab-rake": 'echo "gitlab-rake $*" >>{here}/log',
    "gitlab-backup": """echo "gitlab-backup $*" >>{here}/log
        test ! -e {here}/broken
        archive={here}/archives/${{2#BACKUP=}}_gitlab_backup.tar
        case $1 in
          create) tar -cf "$archive" -C {here} repository ;;
          restore) tar -xf "$archive" -C {here} ;;
        esac""",
    "dpkg-query": "cat {here}/version",
}


class Token(Metadata):
    """A token as Azurite takes it: it verifies issuer, audience and time, and no signature."""

    def reply(self, status, content, headers=None):
        if status == 200:
            now = int(time.time())
            claims = {"aud": "https://storage.azure.com", "iss": "https://sts.windows.net/lab/", "oid": "lab", "tid": "lab"}
            claims |= {"iat": now, "nbf": now - 60, "exp": now + 600}
            parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
            content = {"access_token": "".join(base64.urlsafe_b64encode(part).decode().rstrip("=") + "." for part in parts)}
        super().reply(status, content, headers)


class Azurite:
    """One for all tests; each has an account of its own."""

    accounts = [f"test{number}" for number in range(20)]

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        key, public = (certificate("localhost").with_name(name) for name in ("key.pem", "public.pem"))
        command = ["node", AZURITE, "--blobHost", "127.0.0.1", "--blobPort", "0", "--location", self.folder.name]
        command += ["--oauth", "basic", "--cert", public, "--key", key, "--silent", "--disableTelemetry", "--skipApiVersionCheck"]
        known = ";".join(f"{account}:{base64.b64encode(bytes(64)).decode()}" for account in self.accounts)
        self.process = subprocess.Popen(command, env={**os.environ, "AZURITE_ACCOUNTS": known}, stdout=subprocess.PIPE, text=True)
        told = ""
        while not (found := re.search(r"listens on https://127\.0\.0\.1:(\d+)", told)):
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f"Azurite ended: {told}")
            told += line
        self.port = int(found[1])
        threading.Thread(target=self.process.stdout.read, daemon=True).start()

    def end(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()
        self.folder.cleanup()


def setUpModule():
    global azurite
    azurite = Azurite()
    unittest.addModuleCleanup(azurite.end)


class GitLabTest(MachineTest):
    program = gitlab

    def setUp(self):
        super().setUp()
        self.serve_as("localhost", handler=Service)
        self.metadata = self.serve(Token)
        self.patch("METADATA", f"http://127.0.0.1:{self.metadata.server_port}", self.services)
        self.url = f"https://localhost:{azurite.port}/{azurite.accounts.pop()}"
        for name, path in {
            "SETTINGS": "settings.json",
            "STATE": "state/gitlab.json",
            "LOCK": "lock",
            "GITLAB_RB": "gitlab.rb",
            "SECRETS": "gitlab-secrets.json",
            "ARCHIVES": "archives",
        }.items():
            self.patch(name, str(self.folder / path))
        # A block is smaller than what is backed up here.
        self.patch("BLOCK_BYTES", 4096)
        self.patch("chown", lambda *_: None, shutil)
        commands = self.folder / "commands"
        commands.mkdir()
        for name, text in COMMANDS.items():
            file = commands / name
            file.write_text(f"#!/bin/sh\nset -e\n{text.format(here=self.folder)}\n")
            file.chmod(0o755)
        self.patch("PATH", f"{commands}:{os.environ['PATH']}")
        (self.folder / "archives").mkdir()
        self.write("gitlab.rb", "external_url 'https://gitlab.test'\n")
        self.write("gitlab-secrets.json", '{"key": "one"}')
        self.write("repository", "first")
        self.write("version", "18.6.1-ee.0")
        self.settings(keep=2)
        self.ask("PUT", "?restype=container")

    def write(self, name, text):
        (self.folder / name).write_text(text)

    def read(self, name):
        return (self.folder / name).read_text()

    def settings(self, **changed):
        base = {"package": "gitlab-ee", "store": self.url, "client_id": "client-1", "folder": "gitlab/tools/gitlab", "keep": 2}
        self.write("settings.json", json.dumps(base | changed))

    def ask(self, method, path, data=None, **headers):
        token = self.services.new_token("https://storage.azure.com/", "client-1")
        headers = {"Authorization": f"Bearer {token}", "x-ms-version": "2024-11-04", **headers}
        request = urllib.request.Request(f"{self.url}/backups{path}", data=data, headers=headers, method=method)
        with self.services.DIRECT.open(request, timeout=10) as answer:
            return answer.read()

    def run_well(self, *arguments):
        status, out, err = self.run_program(*arguments)
        self.assertEqual((status, err), (0, ""))
        return out.strip()

    def refused(self, *arguments):
        status, out, err = self.run_program(*arguments)
        self.assertEqual((status, out), (1, ""))
        return err

    def backup(self, when):
        with mock.patch.object(gitlab.time, "strftime", lambda *_: when):
            self.assertEqual(self.run_well("backup"), when)

    def log(self):
        return self.read("log").splitlines() if (self.folder / "log").exists() else []


class Configuring(GitLabTest):
    def test_it_is_due_until_it_was_done_for_these_settings_and_this_version(self):
        self.assertEqual(self.run_well("due"), "GitLab was not configured yet")
        self.assertTrue(self.run_well("configure"))
        self.assertEqual(self.run_well("due"), "")
        self.assertEqual(self.run_well("configure"), "")
        self.assertEqual(self.log(), ["gitlab-ctl reconfigure"])
        self.write("gitlab.rb", "external_url 'https://other.test'\n")
        self.assertIn("gitlab.rb has changed", self.run_well("due"))
        self.run_well("configure")
        self.write("version", "18.7.0-ee.0")
        self.assertEqual(self.run_well("configure"), "version 18.7.0-ee.0 is installed, 18.6.1-ee.0 runs")
        # Only the new version's processes are others.
        self.assertEqual(self.log(), ["gitlab-ctl reconfigure"] * 3 + ["gitlab-ctl restart"])

    def test_one_that_failed_is_still_due(self):
        (self.folder / "commands/gitlab-ctl").write_text("#!/bin/sh\nexit 3\n")
        self.assertIn("gitlab-ctl reconfigure ended with 3", self.refused("configure"))
        self.assertEqual(self.run_well("due"), "GitLab was not configured yet")


class Backups(GitLabTest):
    def test_what_was_backed_up_is_restored_with_its_secrets(self):
        self.write("repository", "first" * 5000)
        self.backup("20261130T023000Z")
        self.assertEqual(list((self.folder / "archives").iterdir()), [])
        self.write("repository", "lost")
        self.write("gitlab-secrets.json", '{"key": "another machine"}')
        self.assertEqual(self.run_well("restore", "latest", "--yes"), "20261130T023000Z")
        self.assertEqual(self.read("repository"), "first" * 5000)
        self.assertEqual(self.read("gitlab-secrets.json"), '{"key": "one"}')
        self.assertEqual(self.read("gitlab-secrets.json.before-20261130T023000Z"), '{"key": "another machine"}')
        self.assertEqual(list((self.folder / "archives").iterdir()), [])
        restored = self.log().index("gitlab-backup restore BACKUP=20261130T023000Z force=yes")
        self.assertEqual(self.log()[restored - 2 : restored], ["gitlab-ctl stop puma", "gitlab-ctl stop sidekiq"])
        self.assertEqual(self.log()[-1], "gitlab-rake gitlab:check SANITIZE=true")

    def test_the_oldest_go_and_so_does_what_was_broken_off(self):
        self.ask("PUT", "/gitlab/tools/gitlab/20261128T120000Z/gitlab_backup.tar", b"half", **{"x-ms-blob-type": "BlockBlob"})
        # Neither of these is GitLab's of this environment.
        for other in ("gitlab/dev/gitlab/20261101T000000Z/backup.json", "gitlab/tools/gitlab/notes/backup.json"):
            self.ask("PUT", f"/{other}", b"{}", **{"x-ms-blob-type": "BlockBlob"})
        for day in (28, 29, 30):
            self.backup(f"202611{day}T023000Z")
        lines = self.run_well("list").splitlines()
        self.assertEqual([line.split()[0] for line in lines], ["20261130T023000Z", "20261129T023000Z"])
        self.assertRegex(lines[0], r"^20261130T023000Z gitlab-ee 18\.6\.1-ee\.0 \d{4,} 2026-11-30 02:30:00 UTC$")
        names = self.ask("GET", "?restype=container&comp=list").decode()
        self.assertNotIn("20261128", names)
        self.assertIn("gitlab/dev/gitlab/20261101T000000Z/backup.json", names)
        self.assertIn("gitlab/tools/gitlab/notes/backup.json", names)

    def test_one_that_fails_leaves_nothing_that_could_be_restored(self):
        self.write("broken", "")
        self.assertIn("gitlab-backup create", self.refused("backup"))
        self.assertEqual(self.run_well("list"), "")
        self.assertIn("allowed are latest and the backups of gitlab/tools/gitlab: (there is none)", self.refused("restore", "latest"))

    def test_a_restore_replaces_nothing_without_being_told_so(self):
        self.backup("20261130T023000Z")
        self.write("repository", "newer")
        self.assertIn("with --yes it is", self.refused("restore", "latest"))
        self.assertIn("given 20261129T023000Z, allowed are latest and", self.refused("restore", "20261129T023000Z", "--yes"))
        self.assertEqual(self.read("repository"), "newer")

    def test_another_version_restores_nothing_and_says_which_one_does(self):
        self.backup("20261130T023000Z")
        self.write("version", "18.7.0-ee.0")
        said = self.refused("restore", "latest", "--yes")
        self.assertIn("was made by gitlab-ee 18.6.1-ee.0, and gitlab-ee 18.7.0-ee.0 is installed", said)
        self.assertIn("packages.version", said)
        self.assertNotIn("gitlab-ctl reconfigure", self.log())

    def test_what_is_not_as_it_was_uploaded_restores_nothing(self):
        self.backup("20261130T023000Z")
        path = "/gitlab/tools/gitlab/20261130T023000Z/gitlab_backup.tar"
        self.ask("PUT", path, b"another", **{"x-ms-blob-type": "BlockBlob"})
        self.assertIn("is not what was uploaded", self.refused("restore", "latest", "--yes"))
        self.assertEqual(self.log(), ["gitlab-backup create BACKUP=20261130T023000Z CRON=1"])

    def test_a_store_that_refuses_is_waited_for_as_long_as_new_rights_take(self):
        class Refusing(Service):
            def do_GET(self):
                self.server.asked.append(self.path)
                self.reply(403, b"", {"x-ms-error-code": "AuthorizationPermissionMismatch"})

        store = self.serve_as("store.test", handler=Refusing)
        self.settings(store=f"https://store.test:{store.server_port}")
        self.stop_the_clock()
        said = self.refused("list")
        self.assertIn("store.test answers 403 AuthorizationPermissionMismatch for GET /backups to identity client-1", said)
        self.assertTrue(590 < self.clock.now < 620, self.clock.now)
        self.assertGreater(len(store.asked), 30)


PLAY = f"""
- name: Write
  hosts: localhost
  connection: local
  gather_facts: false
  vars_files: ["{ROLES}/gitlab/vars/main.yml"]
  tasks:
    - name: Write
      ansible.builtin.template:
        src: "{ROLES}/gitlab/templates/gitlab.rb.j2"
        dest: "{{{{ to }}}}"
        mode: "0600"
"""


class Settings(unittest.TestCase):
    def test_gitlab_rb_has_what_stands_behind_reverse_proxies_and_what_was_given(self):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            (here / "play.yml").write_text(PLAY)
            given = {
                "gitlab_external_url": "https://gitlab.tools.chatbot.example",
                "gitlab_port": 80,
                "gitlab_trusted_proxies": ["10.30.0.0/24"],
                "gitlab_settings": {
                    "nginx": {"client_max_body_size": "1g"},
                    "gitlab_rails": {"smtp_enable": True, "smtp_password": "it's \\#{x}", "limits": {"a": [1, None]}},
                },
                "to": str(here / "gitlab.rb"),
                "ansible_managed": "Ansible managed",
            }
            command = [PROJECT / ".venv/bin/ansible-playbook", "-e", json.dumps(given), here / "play.yml"]
            environment = {**os.environ, "ANSIBLE_LOCALHOST_WARNING": "False"}
            done = subprocess.run(command, env=environment, cwd=here, capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            lines = [line for line in (here / "gitlab.rb").read_text().splitlines() if line and not line.startswith("#")]
        self.assertEqual(
            lines,
            [
                "external_url 'https://gitlab.tools.chatbot.example'",
                "gitlab_rails['limits'] = { 'a' => [1, nil] }",
                "gitlab_rails['smtp_enable'] = true",
                "gitlab_rails['smtp_password'] = 'it\\'s \\\\#{x}'",
                "gitlab_rails['trusted_proxies'] = ['10.30.0.0/24']",
                "letsencrypt['enable'] = false",
                "nginx['client_max_body_size'] = '1g'",
                "nginx['listen_https'] = false",
                "nginx['listen_port'] = 80",
                "nginx['real_ip_header'] = 'X-Forwarded-For'",
                "nginx['real_ip_recursive'] = 'on'",
                "nginx['real_ip_trusted_addresses'] = ['10.30.0.0/24']",
                "nginx['redirect_http_to_https'] = false",
            ],
        )


if __name__ == "__main__":
    unittest.main()
