"""A machine's runner takes jobs by a token that GitLab knows, and by no other."""

import json
import io
import tomllib
import unittest
from unittest import mock
from urllib.parse import parse_qs

from programs import program
from services import MachineTest, Service

runner = program("gitlab-runner/files/platform-gitlab-runner")
import azure_services

runner.azure_services = azure_services
TOKEN = "glrt-t1_0123456789abcdefghij"


class GitLab(Service):
    def do_POST(self):
        body = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.asked.append((self.path, body["token"]))
        self.reply(self.server.statuses.pop(0) if self.server.statuses else 200, {})


class Registration(MachineTest):
    program = runner

    def setUp(self):
        super().setUp()
        self.patch("syslog", mock.Mock())
        self.gitlab = self.serve(GitLab)
        self.url = f"http://127.0.0.1:{self.gitlab.server_port}"
        self.config = self.folder / "etc/config.toml"

    def register(self, token, concurrent=2, url=None):
        with mock.patch("sys.stdin", io.StringIO(json.dumps({"token": token}))):
            return self.run_program(
                *("--url", url or self.url, "--executor", "shell", "--concurrent", str(concurrent)),
                *("--stop-timeout", "600", "--config", str(self.config)),
            )

    def told(self):
        return tomllib.loads(self.config.read_text())

    def test_one_that_gitlab_knows_is_written_for_root_alone(self):
        self.assertEqual(self.register(TOKEN), (0, "runner\n", ""))
        self.assertEqual(self.gitlab.asked, [("/api/v4/runners/verify", [TOKEN])])
        [entry] = self.told()["runners"]
        self.assertEqual({**entry, "name": "*"}, {"name": "*", "url": self.url, "clone_url": self.url, "token": TOKEN, "executor": "shell"})
        self.assertEqual((self.told()["concurrent"], self.told()["shutdown_timeout"]), (2, 600))
        self.assertEqual(self.config.stat().st_mode & 0o777, 0o600)

    def test_the_same_again_changes_nothing_and_asks_nobody(self):
        self.register(TOKEN)
        self.assertEqual(self.register(TOKEN), (0, "", ""))
        self.assertEqual(len(self.gitlab.asked), 1)
        self.assertEqual(self.register(TOKEN, concurrent=4)[1], "runner\n")

    def test_one_that_gitlab_does_not_know_leaves_the_one_before(self):
        self.register(TOKEN)
        self.gitlab.statuses.append(403)
        status, out, err = self.register("glrt-another0123456789")
        self.assertEqual((status, out), (1, ""))
        self.assertIn("it has no runner with this token", err)
        self.assertNotIn("another", err)
        self.assertEqual(self.told()["runners"][0]["token"], TOKEN)

    def test_where_gitlab_does_not_answer_the_token_is_used_untried(self):
        self.gitlab.statuses.append(502)
        self.assertEqual(self.register(TOKEN)[:2], (0, "runner\n"))
        self.config.unlink()
        self.gitlab.end()
        status, out, err = self.register(TOKEN)
        self.assertEqual((status, out), (0, "runner\n"))
        self.assertIn("does not answer", err)
        self.assertEqual(self.told()["runners"][0]["token"], TOKEN)

    def test_none_takes_no_jobs_and_is_no_mistake(self):
        status, out, err = self.register("none")
        self.assertEqual((status, out), (0, "runner\n"))
        self.assertIn("takes no jobs until", err)
        self.assertNotIn("runners", self.told())
        self.assertEqual(self.gitlab.asked, [])

    def test_what_is_no_authentication_token_is_refused_and_not_told(self):
        for wrong in ("GR1348941abcdefghijklmno", "glrt-", 'glrt-0123456789"\n', "", None, ["glrt-0123456789"]):
            status, _, err = self.register(wrong)
            self.assertEqual(status, 1, wrong)
            self.assertIn("is no runner authentication token (glrt-...), and not none", err)
            self.assertNotIn("GR1348941", err)
        self.assertFalse(self.config.exists())


if __name__ == "__main__":
    unittest.main()
