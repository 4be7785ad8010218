"""The program that fetches secrets, against a small metadata service and a small vault with TLS."""

import grp
import json
import os
import pathlib
import pwd
import shutil
import stat
import subprocess
import time
import unittest
from unittest import mock
from urllib.parse import urlsplit

from programs import MACHINE, program
from services import MachineTest, Service

secrets = program("secrets/files/platform-secrets")
HOST = "kv-dev.vault.test"
LOGIN = '{"user": "app1", "password": "correct horse"}'


class Vault(Service):
    def do_GET(self):
        server, url = self.server, urlsplit(self.path)
        name = url.path.removeprefix("/secrets/")
        token = self.headers.get("Authorization")
        server.tokens.append(token)
        if token is None:
            challenge = f'Bearer authorization="https://login.test/tenant", resource="{server.resource}"'
            self.reply(401, {"error": {"code": "Unauthorized"}}, {"WWW-Authenticate": challenge})
        elif server.statuses:
            status, code, headers = server.statuses.pop(0)
            self.reply(status, {"error": {"code": "Some", "innererror": {"code": code}}}, headers)
        elif token != "Bearer token for https://vault.test" or url.query != "api-version=7.4":
            self.reply(401, {"error": {"code": "Unauthorized"}})
        elif name not in server.secrets:
            self.reply(404, {"error": {"code": "SecretNotFound"}})
        else:
            value, version = server.secrets[name]
            identifier = f"https://{HOST}/secrets/{name}/{version}"
            self.reply(200, {"value": value, "id": identifier, "attributes": {"enabled": True}})


class SecretsTest(MachineTest):
    program = secrets

    def setUp(self):
        super().setUp()
        (self.folder / "secrets.d").mkdir()
        self.stop_the_clock()
        self.patch("SETTINGS", str(self.folder / "vault.json"))
        self.patch("HELD", str(self.folder / "secrets.json"))
        self.patch("CONSUMERS", str(self.folder / "secrets.d"))
        self.patch("STATE", str(self.folder / "state.json"))
        self.patch("LOCK", str(self.folder / "{}.lock"))

    def run_program(self, *arguments):
        """(exit status, standard output, standard error)."""
        status, out, err = super().run_program(*arguments)
        # No value is ever said.
        for value in ("correct horse", "battery staple", "hush"):
            self.assertNotIn(value, out + err)
        return status, out, err

    def held(self):
        return {name: entry["value"] for name, entry in json.loads((self.folder / "secrets.json").read_text()).items()}

    def hold(self, **values):
        entries = {name: {"value": value, "version": "v", "fetched": "1970-01-01T00:16:40Z"} for name, value in values.items()}
        (self.folder / "secrets.json").write_text(json.dumps(entries))


class FetchTest(SecretsTest):
    def setUp(self):
        super().setUp()
        self.vault = self.serve_as(HOST, handler=Vault)
        self.vault.secrets, self.vault.tokens = {"databaseLogin": (LOGIN, "v1")}, []
        self.vault.resource = "https://vault.test"
        self.settings("databaseLogin")

    def settings(self, *names, host=HOST):
        uri = f"https://{host}:{self.vault.server_port}/"
        (self.folder / "vault.json").write_text(json.dumps({"uri": uri, "client_id": "client-1", "names": names}))

    def test_a_secret_is_kept_with_its_version_for_root_only(self):
        self.assertEqual(self.run_program("fetch"), (0, "databaseLogin\n", ""))
        entry = json.loads((self.folder / "secrets.json").read_text())["databaseLogin"]
        self.assertEqual((entry["value"], entry["version"]), (LOGIN, "v1"))
        self.assertRegex(entry["fetched"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        self.assertEqual(stat.S_IMODE((self.folder / "secrets.json").stat().st_mode), 0o600)
        self.assertEqual(self.metadata.asked[0]["client_id"], "client-1")
        self.assertEqual(self.metadata.asked[0]["resource"], "https://vault.test")

    def test_a_value_that_is_as_before_changes_nothing(self):
        self.run_program("fetch")
        before = (self.folder / "secrets.json").stat().st_ino
        self.assertEqual(self.run_program("fetch"), (0, "", ""))
        self.assertEqual((self.folder / "secrets.json").stat().st_ino, before)
        self.vault.secrets["databaseLogin"] = ("battery staple", "v2")
        self.assertEqual(self.run_program("fetch")[1], "databaseLogin\n")
        self.assertEqual(self.held(), {"databaseLogin": "battery staple"})

    def test_what_is_no_longer_this_machines_is_forgotten(self):
        self.hold(old="hush")
        self.run_program("fetch")
        self.assertEqual(list(self.held()), ["databaseLogin"])

    def test_a_machine_without_secrets_asks_nobody(self):
        self.settings()
        self.assertEqual(self.run_program("fetch", "--wait", "900"), (0, "", ""))
        self.assertEqual((self.vault.tokens, self.metadata.asked), ([], []))

    def test_a_token_is_given_only_to_a_vault_in_the_domain_that_it_is_for(self):
        for resource in ("https://vault.other.test", "https://management.test", "https://lt.test", "x", ""):
            self.vault.resource, self.vault.tokens = resource, []
            status, _, said = self.run_program("fetch")
            self.assertEqual(status, 1)
            self.assertIn("it gets none" if resource else "asks for a token", said)
            self.assertEqual(self.vault.tokens, [None])
        self.assertEqual(self.metadata.asked, [])

    def test_the_file_of_the_release_before_counts_for_nothing(self):
        (self.folder / "secrets.json").write_text('{"databaseLogin": "hush"}')
        self.vault.end()
        self.assertEqual(self.run_program("fetch")[0], 1)
        self.assertEqual((self.folder / "secrets.json").read_text(), "{}")

    def test_new_rights_are_waited_for_and_the_reason_is_said_once_on_the_console_too(self):
        self.vault.statuses = [(403, "ForbiddenByRbac", {})] * 5
        status, changed, said = self.run_program("fetch", "--wait", "900")
        self.assertEqual((status, changed), (0, "databaseLogin\n"))
        reason = f"no databaseLogin: {HOST} answers 403 ForbiddenByRbac for databaseLogin to identity client-1"
        self.assertEqual(said, f"vault: {reason}\nvault: well again\n")
        shown = f"platform-secrets: vault: {reason}\nplatform-secrets: vault: well again\n"
        self.assertEqual(os.read(self.console, 10_000).decode(), shown)
        self.assertEqual(secrets.azure_services.syslog.syslog.call_count, 2)

    def test_a_refusal_is_final_ten_minutes_after_the_machine_was_told_of_its_secrets(self):
        self.vault.statuses = [(403, "ForbiddenByRbac", {})] * 500
        os.utime(self.folder / "vault.json", (0, 0))
        self.assertEqual(self.run_program("fetch", "--wait", "900")[0], 1)
        self.assertEqual(self.clock.now, 0)

    def test_a_refusal_that_is_no_missing_right_is_waited_for_like_all_else(self):
        os.utime(self.folder / "vault.json", (0, 0))
        for code in ("ForbiddenByFirewall", "SecretDisabled"):
            (self.folder / "secrets.json").unlink(missing_ok=True)
            self.vault.statuses = [(403, code, {})] * 3
            status, _, said = self.run_program("fetch", "--wait", "900")
            self.assertEqual(status, 0)
            self.assertIn(f"403 {code} for databaseLogin", said)

    def test_waiting_ends_with_what_is_missing_and_each_new_reason_on_one_line(self):
        del self.vault.secrets["databaseLogin"]
        self.metadata.statuses = [400]
        status, _, said = self.run_program("fetch", "--wait", "60")
        self.assertEqual(status, 1)
        self.assertEqual(self.clock.now, 60)
        first, second = said.splitlines()
        self.assertIn("metadata service answers 400 for identity client-1: invalid_request Identity not found", first)
        self.assertEqual(second, f"vault: no databaseLogin: {HOST} answers 404 SecretNotFound for databaseLogin")

    def test_one_secret_that_is_missing_keeps_no_other_away(self):
        self.settings("absent", "databaseLogin")
        self.assertEqual(self.run_program("fetch")[0], 1)
        self.assertEqual(self.held(), {"databaseLogin": LOGIN})

    def test_what_is_to_be_tried_again_is_after_the_pause_that_was_asked_for(self):
        self.vault.statuses = [(429, "Throttled", {"Retry-After": "7"}), (503, "", {})]
        self.metadata.statuses = [404, 410, 500]
        self.assertEqual(self.run_program("fetch"), (0, "databaseLogin\n", ""))
        # 1, 2 and 4 at the metadata service; 7 and 2 at the vault; each up to a fifth longer.
        self.assertGreaterEqual(self.clock.now, 16)
        self.assertLess(self.clock.now, 20)

    def test_a_long_pause_is_not_slept_through_but_waited_for(self):
        self.vault.statuses = [(429, "Throttled", {"Retry-After": "40"})]
        self.assertEqual(self.run_program("fetch")[0], 1)
        self.assertEqual(self.clock.now, 0)
        self.vault.statuses = [(429, "Throttled", {"Retry-After": "40"})]
        self.assertEqual(self.run_program("fetch", "--wait", "100")[0], 0)
        self.assertEqual(self.clock.now, 40)

    def test_without_vault_or_metadata_service_the_values_from_before_are_used_at_once(self):
        self.run_program("fetch")
        for server in (self.metadata, self.vault):
            server.end()
            status, changed, said = self.run_program("fetch", "--wait", "900")
            self.assertEqual((status, changed, self.clock.now), (0, "", 0))
            self.assertIn("does not answer", said)
            self.assertIn("; the values from before are used", said)
        self.assertEqual(self.held(), {"databaseLogin": LOGIN})

    def test_a_redirection_gets_no_token(self):
        self.vault.statuses = [(302, "", {"Location": "https://elsewhere.test/"})]
        self.assertIn("answers 302", self.run_program("fetch")[2])

    def test_a_vault_without_tls_is_not_asked(self):
        (self.folder / "vault.json").write_text(json.dumps({"uri": f"http://{HOST}", "client_id": "c", "names": ["a"]}))
        self.assertIn("allowed is an https:// address", self.run_program("fetch")[2])

    def test_a_refresh_says_the_same_reason_once_and_when_it_is_over(self):
        self.run_program("fetch")
        self.vault.statuses = [(404, "SecretNotFound", {})] * 2
        self.assertIn("404 SecretNotFound", self.run_program("refresh")[2])
        self.assertEqual(self.run_program("refresh"), (0, "", ""))
        self.assertEqual(self.run_program("refresh"), (0, "", "vault: well again\n"))


class ApplyTest(SecretsTest):
    def setUp(self):
        super().setUp()
        self.path = self.folder / "secrets.env"
        self.hold(databaseLogin=LOGIN, plain="it's $5")

    def consumer(self, name="back", **more):
        me = {"owner": pwd.getpwuid(os.getuid()).pw_name, "group": grp.getgrgid(os.getgid()).gr_name, "mode": "0600"}
        values = {"PGUSER": "databaseLogin.user", "PGPASSWORD": "databaseLogin.password", "PLAIN": "plain"}
        file = {"path": str(self.path), **me, "reader": "node", "values": values}
        self.describe({"name": name, "files": [file], **more})

    def describe(self, description):
        (self.folder / "secrets.d" / f"{description['name']}.json").write_text(json.dumps(description))

    def count(self, what):
        file = self.folder / what
        return len(file.read_text().splitlines()) if file.exists() else 0

    def counting(self, what, ends=0):
        return ["sh", "-c", f"echo >>{self.folder}/{what}; exit {ends}"]

    def test_the_file_is_written_and_the_service_reloaded_once(self):
        self.consumer(reload=self.counting("reloads"))
        self.assertEqual(self.run_program("apply"), (0, "back\n", ""))
        lines = ["PGPASSWORD='correct horse'", "PGUSER='app1'", "PLAIN=\"it's $5\""]
        self.assertEqual(self.path.read_text().splitlines()[1:], lines)
        self.assertEqual(stat.S_IMODE(self.path.stat().st_mode), 0o600)
        self.assertEqual(self.run_program("apply"), (0, "", ""))
        self.assertEqual(self.count("reloads"), 1)

    def test_one_who_reloads_himself_is_owed_nothing(self):
        self.consumer(reload=self.counting("reloads"))
        self.assertEqual(self.run_program("apply", "--no-reload"), (0, "back\n", ""))
        self.assertEqual(self.run_program("apply"), (0, "", ""))
        self.assertEqual(self.count("reloads"), 0)

    def test_a_reload_that_fails_is_owed_until_it_succeeds(self):
        self.consumer(reload=self.counting("reloads", ends=1))
        self.assertEqual(self.run_program("apply")[0], 1)
        self.assertEqual(self.run_program("apply")[0], 1)
        self.consumer(reload=self.counting("reloads"))
        self.assertEqual(self.run_program("apply")[0], 0)
        self.run_program("apply")
        self.assertEqual(self.count("reloads"), 3)

    def test_a_check_that_fails_keeps_the_old_values_and_is_tried_again(self):
        self.consumer(reload=self.counting("reloads"))
        self.run_program("apply")
        before = self.path.read_text()
        self.hold(databaseLogin='{"user": "app2", "password": "battery staple"}', plain="hush")
        refusing = ["sh", "-c", f'echo >>{self.folder}/checks; echo "no login for $PGUSER by $PGPASSWORD" >&2; exit 3']
        self.consumer(reload=self.counting("reloads"), check=refusing)
        for _ in range(2):
            status, changed, said = self.run_program("apply")
            self.assertEqual((status, changed), (1, ""))
            self.assertEqual(said, "back: check ended with 3: no login for *** by ***\n")
        self.assertEqual(self.path.read_text(), before)
        self.assertEqual((self.count("checks"), self.count("reloads")), (2, 1))
        self.consumer(reload=self.counting("reloads"), check=["true"])
        self.assertEqual(self.run_program("apply")[0], 0)
        self.assertIn("PGUSER='app2'", self.path.read_text())
        self.assertEqual(self.count("reloads"), 2)

    def test_a_check_that_says_a_line_of_a_value_tells_nothing(self):
        self.hold(databaseLogin=LOGIN, plain="begins\nbattery staple\n")
        self.consumer(check=["sh", "-c", 'echo "wrong: $(echo "$PLAIN" | tail -n 2)" >&2; exit 1'])
        self.assertEqual(self.run_program("apply")[2], "back: check ended with 1: wrong: ***\n")

    def test_a_refresh_asks_a_check_again_that_said_no(self):
        self.hold(databaseLogin=LOGIN, plain="hush")
        third = f'echo >>{self.folder}/checks; test $(wc -l <{self.folder}/checks) = 3'
        looked = mock.patch.object(secrets, "fetch", lambda *_: (True, set()))
        with looked, mock.patch.object(secrets, "REFUSED_PAUSES", (0, 0)):
            self.consumer(check=["sh", "-c", third])
            self.assertEqual(self.run_program("refresh")[1], "back\n")
            self.assertEqual(self.count("checks"), 3)
            self.consumer(check=["false"], environment={"PORT": "1"})
            self.path.unlink()
            # At boot somebody waits.
            self.assertEqual(self.run_program("refresh", "--no-reload")[1], "")
        self.assertFalse(self.path.exists())

    def test_a_check_gets_both_environments_and_nothing_else(self):
        script = f"env >{self.folder}/seen"
        self.consumer(check=["sh", "-c", script], environment={"PORT": "3000", "PGUSER": "platform"})
        self.assertEqual(self.run_program("apply")[0], 0)
        seen = dict(line.split("=", 1) for line in (self.folder / "seen").read_text().splitlines())
        seen.pop("PWD", None), seen.pop("_", None), seen.pop("SHLVL", None)
        expected = {"PATH": secrets.PATH, "PORT": "3000", "PGUSER": "app1", "PGPASSWORD": "correct horse", "PLAIN": "it's $5"}
        self.assertEqual(seen, expected)

    def test_a_check_that_does_not_end_is_ended_with_what_it_started(self):
        self.patch("CHECK_SECONDS", 0.5)
        self.consumer(check=["sh", "-c", f"sleep 60 & echo $! >{self.folder}/pid; wait"])
        self.assertEqual(self.run_program("apply")[2], "back: check took more than 0.5 s\n")
        pid = int((self.folder / "pid").read_text())
        for _ in range(100):
            state = pathlib.Path(f"/proc/{pid}/stat")
            if not state.exists() or state.read_text().split()[2] == "Z":
                break
            time.sleep(0.05)
        else:
            self.fail("the check's own process is still there")

    def test_a_run_gets_its_inputs_by_standard_input_again_only_when_they_change(self):
        inputs = {"user": "databaseLogin.user", "password": "databaseLogin.password"}
        run = ["sh", "-c", f"cat >{self.folder}/given; echo >>{self.folder}/runs"]
        self.describe({"name": "login", "inputs": inputs, "run": run})
        self.assertEqual(self.run_program("apply"), (0, "login\n", ""))
        self.assertEqual(json.loads((self.folder / "given").read_text()), {"user": "app1", "password": "correct horse"})
        self.run_program("apply")
        self.assertEqual(self.count("runs"), 1)
        self.hold(databaseLogin='{"user": "app2", "password": "battery staple"}')
        self.run_program("apply")
        self.assertEqual(self.count("runs"), 2)

    def test_a_run_that_fails_is_tried_again(self):
        self.describe({"name": "login", "inputs": {"a": "plain"}, "run": self.counting("runs", ends=1)})
        for _ in range(2):
            self.assertEqual(self.run_program("apply")[2], "login: run ended with 1: it said nothing\n")
        self.assertEqual(self.count("runs"), 2)

    def test_one_that_fails_stops_no_other_and_is_named(self):
        self.describe({"name": "aaa", "inputs": {"a": "absent"}, "run": ["true"]})
        self.describe({"name": "aab", "inputs": {"a": "databaseLogin.port"}, "run": ["true"]})
        self.describe({"name": "aac", "files": "hush"})
        (self.folder / "secrets.d" / "aad.json").write_text("{")
        self.describe({"name": "aae", "inputs": {}, "run": ["/does/not/exist"]})
        self.consumer()
        status, changed, said = self.run_program("apply")
        self.assertEqual((status, changed), (1, "back\n"))
        lines = said.splitlines()
        self.assertEqual(len(lines), 5)
        self.assertEqual(lines[0], "aaa: secret absent was not fetched yet")
        self.assertEqual(lines[1], "aab: secret databaseLogin is no JSON object with a string port")
        self.assertIn("/does/not/exist", lines[4])

    def test_only_those_that_are_named_are_seen_to(self):
        self.consumer()
        self.describe({"name": "other", "inputs": {"a": "absent"}, "run": ["true"]})
        self.assertEqual(self.run_program("apply", "back"), (0, "back\n", ""))
        self.assertEqual(self.run_program("apply", "nobody")[0], 1)

    def test_a_value_that_cannot_be_written_is_an_error_that_names_the_variable(self):
        self.hold(databaseLogin=LOGIN, plain="hush\r")
        self.consumer()
        status, _, said = self.run_program("apply")
        self.assertEqual(status, 1)
        self.assertIn("back: PLAIN: Node.js reads no carriage return", said)
        self.assertFalse(self.path.exists())

    def turns(self, refresh_seconds=60):
        (self.folder / "vault.json").write_text(json.dumps({"refresh_seconds": refresh_seconds}))
        self.consumer(reload=self.counting("reloads"), turn_seconds=120)

    def test_machines_that_serve_nothing_meanwhile_change_one_after_the_other(self):
        # 120 s and two refresh intervals, counted from when this machine saw the value.
        for refresh, host, wait in ((60, 4, 0), (60, 5, 240), (60, 9, 1200), (300, 5, 720)):
            self.turns(refresh)
            self.patch("own_host", lambda host=host: host)
            self.path.unlink(missing_ok=True)
            for now, changed in ((1000 + wait - 1, False), (1000 + wait, True)):
                self.clock.time = lambda now=now: now
                self.run_program("apply")
                self.assertEqual(self.path.exists(), changed, (host, now))

    def test_two_machines_never_restart_at_the_same_time_whenever_each_looks(self):
        self.turns()
        starts = {}
        for host, seen in ((5, 1060), (6, 1000)):
            self.patch("own_host", lambda host=host: host)
            self.path.unlink(missing_ok=True)
            entry = {"version": "v", "fetched": time.strftime(secrets.MOMENT, time.gmtime(seen))}
            held = {"databaseLogin": {**entry, "value": LOGIN}, "plain": {**entry, "value": "a"}}
            (self.folder / "secrets.json").write_text(json.dumps(held))
            # The first looks every 59 s, and so comes to its turn late; the other looks all the time.
            for now in range(seen, seen + 2000, 59 if host == 5 else 1):
                self.clock.time = lambda now=now: now
                self.run_program("apply")
                if self.path.exists():
                    starts[host] = now
                    break
        self.assertGreaterEqual(starts[6] - starts[5], 120)

    def test_a_machine_that_waits_for_its_turn_says_so_once_and_until_when(self):
        self.turns()
        self.patch("own_host", lambda: 5)
        looked = mock.patch.object(secrets, "fetch", lambda *_: (True, set()))
        with looked:
            self.clock.time = lambda: 1001
            self.assertEqual(self.run_program("refresh"), (0, "", "back: waits for its turn until 00:20:40\n"))
            self.assertEqual(self.run_program("refresh"), (0, "", ""))
            self.clock.time = lambda: 1240
            self.assertEqual(self.run_program("refresh")[:2], (0, "back\n"))

    def test_whatever_happens_to_one_stops_no_other(self):
        self.describe({"name": "aaa", "inputs": {"a": "plain"}, "run": ["true"]})
        self.consumer()
        with mock.patch.object(secrets.Consumer, "command", side_effect=MemoryError):
            self.assertEqual(self.run_program("apply"), (1, "back\n", "aaa: MemoryError\n"))

    def test_a_run_of_ansible_has_the_machine_to_itself_and_does_not_wait(self):
        self.consumer(turn_seconds=120)
        self.patch("own_host", lambda: 250)
        self.clock.time = lambda: 1000
        self.assertEqual(self.run_program("apply", "--no-reload")[1], "back\n")


class HelpTest(unittest.TestCase):
    def test_help_is_told_without_settings(self):
        file = MACHINE / "sbin/platform-secrets"
        told = subprocess.run([shutil.which("python3"), "-IS", file, "--help"], capture_output=True, text=True, check=True)
        self.assertIn("platform-secrets fetch [--wait SECONDS]", told.stdout)


if __name__ == "__main__":
    unittest.main()
