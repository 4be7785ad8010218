"""Processes of an application under a real pm2, the one that the role installs: new ones take the place of old ones.

Skipped where the role's packages are not in npm's reach."""

import hashlib
import http.client
import json
import os
import pathlib
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from programs import ROLES

PM2 = ROLES / "pm2/files"
CACHE = pathlib.Path(os.environ.get("LAB_CACHE") or "~/.cache/platform-lab").expanduser() / "pm2"
GOOD = """
import http from "node:http";
const answer = JSON.stringify({ release: process.cwd().split("/").at(-1), text: process.env.TEXT, pid: process.pid });
let draining = false;
const server = http.createServer((request, response) => {
  if (draining) response.setHeader("connection", "close");
  setTimeout(() => response.end(answer), 20);
});
server.listen(process.env.PORT, () => process.send("ready"));
process.on("SIGINT", () => { draining = true; setTimeout(() => server.close(() => process.exit(0)), 300); });
"""
SERVERS = {
    "one": GOOD,
    "two": GOOD,
    "crash": "process.exit(3);",
    "never": "setInterval(() => {}, 1000);",
    "deaf": 'process.on("SIGINT", () => {}); setInterval(() => {}, 1000);',
    # The first one is ready late, the other one never.
    "partly": """
if (process.env.NODE_APP_INSTANCE === "0") setTimeout(() => import("../one/server.js"), 2500);
else setInterval(() => {}, 1000);
""",
}
# A test's own settings would change what npm and pm2 do.
CLEAN = {name: value for name, value in os.environ.items() if not name.lower().startswith(("npm_", "pm2_"))}


def installed():
    """The folder of pm2 with its packages, kept for the next time."""
    lock = (PM2 / "packages/package-lock.json").read_bytes()
    folder = CACHE / hashlib.sha256(lock).hexdigest()[:16]
    if not folder.exists():
        half = folder.with_suffix(f".{os.getpid()}")
        shutil.copytree(PM2 / "packages", half)
        command = "npm ci --omit=dev --omit=optional --ignore-scripts --no-audit --no-fund --no-update-notifier".split()
        try:
            subprocess.run(command, cwd=half, env=CLEAN, check=True, capture_output=True, timeout=120)
            half.rename(folder)
        except (OSError, subprocess.SubprocessError) as error:
            raise unittest.SkipTest(f"pm2 cannot be installed: {error}") from error
        finally:
            shutil.rmtree(half, ignore_errors=True)
    return folder


class TakeOverTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        packages = installed()
        temporary = tempfile.TemporaryDirectory()
        cls.addClassCleanup(temporary.cleanup)
        cls.folder = folder = pathlib.Path(temporary.name)
        (folder / "node_modules").symlink_to(packages / "node_modules")
        shutil.copy(PM2 / "take-over.mjs", folder)
        for name, text in SERVERS.items():
            (folder / "releases" / name).mkdir(parents=True)
            (folder / "releases" / name / "server.js").write_text(text)
            (folder / "releases" / name / "package.json").write_text('{"type": "module"}')
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            cls.port = probe.getsockname()[1]
        (folder / "env").write_text(f"PORT='{cls.port}'\nTEXT='first'\n")
        app = {
            "name": "front",
            "namespace": "front",
            "cwd": f"{folder}/current",
            "script": "server.js",
            "node_args": [f"--env-file={folder}/env"],
            "exec_mode": "cluster",
            "instances": 2,
            "wait_ready": True,
            "listen_timeout": 3000,
            "kill_timeout": 5000,
            "exp_backoff_restart_delay": 100,
            "merge_logs": True,
        }
        (folder / "ecosystem.config.json").write_text(json.dumps({"apps": [app]}))
        # As of a release whose ecosystem files named no namespace.
        del app["namespace"]
        (folder / "before.config.json").write_text(json.dumps({"apps": [app]}))
        cls.environment = {**CLEAN, "HOME": str(folder), "PM2_HOME": f"{folder}/.pm2"}
        cls.point("one")
        cls.addClassCleanup(lambda: cls.pm2("kill"))
        cls.pm2("start", "before.config.json")

    @classmethod
    def pm2(cls, *arguments):
        command = ["node", "node_modules/pm2/bin/pm2", *arguments]
        run = subprocess.run(command, cwd=cls.folder, env=cls.environment, check=True, capture_output=True, text=True)
        return run.stdout

    @classmethod
    def point(cls, release):
        (cls.folder / "new").unlink(missing_ok=True)
        (cls.folder / "new").symlink_to(f"releases/{release}")
        (cls.folder / "new").rename(cls.folder / "current")

    def take_over(self, release):
        """(exit status, what it said)."""
        self.point(release)
        command = ["node", "take-over.mjs", "ecosystem.config.json"]
        run = subprocess.run(command, cwd=self.folder, env=self.environment, capture_output=True, text=True, timeout=60)
        return run.returncode, run.stderr

    def ask(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=5)
        try:
            connection.request("POST", "/", body="x")
            return json.loads(connection.getresponse().read())
        finally:
            connection.close()

    def processes(self):
        """Their folders, as the kernel has them, and what pm2 says of each."""
        listed = json.loads(self.pm2("jlist"))
        found = [(os.path.basename(os.readlink(f"/proc/{one['pid']}/cwd")), one["pm2_env"]["status"]) for one in listed]
        return sorted(found)

    def both(self, release):
        return [(release, "online"), (release, "online")]

    def setUp(self):
        self.assertEqual(self.take_over("one"), (0, ""))
        self.assertEqual(self.processes(), self.both("one"))

    def test_new_processes_run_what_current_points_to_with_new_variables_and_no_request_is_lost(self):
        (self.folder / "env").write_text(f"PORT='{self.port}'\nTEXT='second'\n")
        answers, failures = [], []
        ended = threading.Event()

        def load():
            while not ended.is_set():
                try:
                    answers.append(self.ask()["release"])
                except Exception as error:
                    failures.append(repr(error))

        clients = [threading.Thread(target=load) for _ in range(4)]
        for client in clients:
            client.start()
        for release in ("two", "one", "two"):
            self.assertEqual(self.take_over(release), (0, ""))
            self.assertEqual(self.processes(), self.both(release))
            # There is no process of the release before, so nobody hears from it.
            self.assertEqual({self.ask()["release"] for _ in range(8)}, {release})
        ended.set()
        for client in clients:
            client.join()
        self.assertEqual(failures, [])
        self.assertGreater(len(answers), 100)
        self.assertEqual(set(answers), {"one", "two"})
        self.assertEqual(self.ask()["text"], "second")

    def test_where_a_new_process_does_not_become_ready_the_old_ones_stay_and_nothing_of_the_new_is_left(self):
        before = {self.ask()["pid"] for _ in range(8)}
        for release, why in (
            ("crash", "a new process ended before all were ready"),
            ("never", "a new process was not ready within 3000 ms"),
            ("deaf", "a new process was not ready within 3000 ms"),
            ("partly", "a new process was not ready within 3000 ms"),
        ):
            with self.subTest(release=release):
                began = time.monotonic()
                self.assertEqual(self.take_over(release), (1, f"take-over: {why}\n"))
                # 3 s for all together, and what Node.js and pm2 take to start and end on a busy machine.
                self.assertLess(time.monotonic() - began, 5.5)
                self.assertEqual(self.processes(), self.both("one"))
                self.assertEqual({self.ask()["pid"] for _ in range(8)}, before)

    def test_a_process_that_dies_is_started_again_after_a_take_over_as_before(self):
        self.assertEqual(self.take_over("two"), (0, ""))
        killed = self.ask()["pid"]
        os.kill(killed, 9)
        end = time.monotonic() + 10
        while time.monotonic() < end and self.processes_or_none() != self.both("two"):
            time.sleep(0.2)
        self.assertEqual(self.processes(), self.both("two"))
        self.assertNotIn(killed, {self.ask()["pid"] for _ in range(8)})

    def test_a_reload_by_pm2_itself_runs_what_current_points_to_and_a_take_over_ends_what_a_start_left_beside(self):
        self.point("two")
        self.pm2("reload", "front")
        self.assertEqual(self.processes(), self.both("two"))
        self.point("one")
        self.pm2("startOrReload", "ecosystem.config.json")
        # It knows processes by their names only.
        self.assertEqual(self.processes(), [*self.both("one"), *self.both("two")])
        self.assertEqual(self.take_over("one"), (0, ""))
        self.assertEqual(self.processes(), self.both("one"))

    def test_a_pm2_that_starts_anew_as_after_a_boot_runs_what_current_points_to_and_nothing_that_was_saved(self):
        self.pm2("save")
        self.point("two")
        self.pm2("kill")
        self.pm2("start", "ecosystem.config.json")
        self.assertEqual(self.processes(), self.both("two"))

    def processes_or_none(self):
        try:
            return self.processes()
        except OSError:
            return None


if __name__ == "__main__":
    unittest.main()
