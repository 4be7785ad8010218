"""The program that makes a database login, and what it says to a server, where this machine has one to ask."""

import contextlib
import glob
import io
import json
import os
import pathlib
import pwd
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from programs import ROLES, program

login = program("postgresql/files/platform-postgresql-login")
SERVERS = sorted(glob.glob("/usr/lib/postgresql/*/bin"))


def has_account(name):
    with contextlib.suppress(KeyError):
        return bool(pwd.getpwnam(name))
    return False


class LoginTest(unittest.TestCase):
    def test_the_verifier_is_that_of_rfc_7677(self):
        # The exchange of its section 3 is made with these: password pencil, 4096 rounds.
        salt = login.base64.b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
        known = login.verifier("pencil", salt)
        self.assertTrue(known.startswith("SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$"))
        # The server's signature there: HMAC(ServerKey, AuthMessage).
        message = (
            b"n=user,r=rOprNGfwEbeRWgbNEkqO,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,"
            b"s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
        )
        server_key = login.base64.b64decode(known.rsplit(":", 1)[1])
        signature = login.base64.b64encode(login.hmac.digest(server_key, message, "sha256")).decode()
        self.assertEqual(signature, "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=")
        self.assertTrue(login.verifies(known, "pencil"))
        self.assertFalse(login.verifies(known, "pencils"))
        self.assertFalse(login.verifies("md5abc", "pencil"))

    def test_reserved_and_unusable_logins_are_refused_with_what_to_do(self):
        for user in ("postgres", "platform", "pg_monitor"):
            with self.assertRaisesRegex(login.Refused, "is reserved.*such as app1"):
                login.checked({"user": user, "password": "hush"}, "platform")
        for user in ("App", 'a"b', "1a", "", None, "a" * 64):
            with self.assertRaisesRegex(login.Refused, "user must have"):
                login.checked({"user": user, "password": "hush"}, "platform")
        for password in ("", "ü", "a\nb", None):
            with self.assertRaisesRegex(login.Refused, "password of app1 must"):
                login.checked({"user": "app1", "password": password}, "platform")


@unittest.skipUnless(SERVERS and os.geteuid() == 0 and has_account("postgres"), "needs PostgreSQL's programs and root")
class ServerTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        os.chown(cls.folder, pwd.getpwnam("postgres").pw_uid, -1)
        cls.environment = {**os.environ, "PGHOST": folder.name, "PATH": f"{SERVERS[-1]}:{os.environ['PATH']}"}
        cls.environment.pop("PGPASSWORD", None)
        data, log = cls.folder / "data", cls.folder / "log"
        cls.as_postgres("initdb", "-D", data, "-A", "trust", "--no-sync")
        # By TCP nobody; the log has every statement that it may have.
        options = f"-k {folder.name} -c listen_addresses= -c fsync=off -c log_statement=all -c log_min_duration_statement=0"
        (data / "pg_hba.conf").write_text("local all postgres trust\nlocal platform platform,+platform scram-sha-256\n")
        cls.as_postgres("pg_ctl", "-w", "-D", data, "-l", log, "-o", options, "start")
        cls.addClassCleanup(cls.as_postgres, "pg_ctl", "-m", "immediate", "-D", data, "stop")

    @classmethod
    def as_postgres(cls, *command, stdin=None, **environment):
        return subprocess.run(
            ["runuser", "--user=postgres", "--", *map(str, command)],
            env={**cls.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            check=True,
            cwd="/",
        ).stdout

    def prepare(self):
        script = (ROLES / "postgresql/files/database.sh").read_text()
        names = {"DATABASE": "platform", "OWNER": "platform"}
        return self.as_postgres("sh", "-eu", "-s", stdin=script, **names)

    def make(self, user, password):
        """(exit status, standard output, standard error)."""
        out, err = io.StringIO(), io.StringIO()
        given = mock.patch.object(sys, "stdin", io.StringIO(json.dumps({"user": user, "password": password})))
        called = mock.patch.object(sys, "argv", ["", "--owner", "platform", "--port", "5432"])
        with given, called, mock.patch.dict(os.environ, self.environment):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = login.main()
        return status, out.getvalue(), err.getvalue()

    def ask(self, user, password, sql):
        return self.as_postgres("psql", "-qAtXw", "-U", user, "-d", "platform", "-c", sql, PGPASSWORD=password).strip()

    def test_logins_are_used_in_turn_and_what_one_makes_belongs_to_all(self):
        # As the release before made them.
        self.as_postgres("psql", "-d", "postgres", "-c", "CREATE ROLE platform LOGIN PASSWORD 'from before'")
        self.assertEqual(self.prepare(), "CREATE DATABASE\n")
        self.assertEqual(self.prepare(), "")
        self.assertEqual(self.make("app1", "correct 'horse'"), (0, "app1 made\n", ""))
        self.assertEqual(self.make("app1", "correct 'horse'"), (0, "", ""))
        self.ask("app1", "correct 'horse'", "CREATE TABLE message (id int)")
        self.assertEqual(self.make("app2", "battery staple"), (0, "app2 made\n", ""))
        self.ask("app2", "battery staple", "ALTER TABLE message ADD text text")
        self.ask("platform", "from before", "DROP TABLE message")
        self.assertEqual(self.ask("app1", "correct 'horse'", "SELECT current_user, session_user"), "platform|app1")
        self.assertEqual(self.make("app1", "another one"), (0, "app1 changed\n", ""))
        self.assertEqual(self.ask("app1", "another one", "SELECT 1"), "1")
        with self.assertRaises(subprocess.CalledProcessError):
            self.ask("app1", "correct 'horse'", "SELECT 1")

        self.as_postgres("psql", "-d", "postgres", "-c", "CREATE ROLE boss SUPERUSER")
        self.assertEqual(self.make("boss", "battery staple")[0], 1)

        log = (self.folder / "log").read_text()
        self.assertIn("CREATE TABLE message", log)
        for kept in ("SCRAM-SHA-256", "battery staple", "correct 'horse'", "another one"):
            self.assertNotIn(kept, log)

    def test_a_server_that_is_not_there_is_said(self):
        with mock.patch.dict(self.environment, {"PGHOST": "/nowhere"}):
            status, _, said = self.make("app1", "battery staple")
        self.assertEqual(status, 1)
        self.assertIn("psql ended with 2: psql: error: connection to server", said)


if __name__ == "__main__":
    unittest.main()
