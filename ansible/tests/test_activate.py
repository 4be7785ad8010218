"""Activations of releases: services are real processes under a stand-in for systemd."""

import contextlib
import json
import socket
import subprocess
import sys
import threading
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from unittest import mock

import jinja2
import yaml

from programs import ROLES
from releases import BAD, FIRST, SECOND, ReleaseTest, release

# Stands in for systemd: one unit with Type=notify that runs `current/server.py`, in a control group that is a file.
SYSTEMCTL = """
import os, pathlib, signal, subprocess, sys, time
here = pathlib.Path(__file__).parent.parent
group = here / "cgroup/unit/cgroup.procs"
verb = sys.argv[1]
if verb == "show":
    print("/unit")
    sys.exit()
with open(here / "log", "a") as log:
    print(*sys.argv[1:], file=log)
def end(number):
    if not group.exists():
        return
    pid = int(group.read_text())
    try:
        os.killpg(pid, number)
        while True:
            os.kill(pid, 0)
            if open(f"/proc/{pid}/stat").read().split()[2] == "Z":
                break
            time.sleep(0.01)
    except OSError:
        pass
    group.unlink(missing_ok=True)
end(signal.SIGKILL if verb == "kill" else signal.SIGINT)
if verb == "restart":
    ready = here / "ready"
    ready.unlink(missing_ok=True)
    folder = here / "srv/front/current"
    process = subprocess.Popen([sys.executable, "server.py", str(ready)], cwd=folder, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        # As of systemd: what a shell in the background ignores is nothing to a unit.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    group.write_text(str(process.pid))
    while not ready.exists():
        if process.poll() is not None:
            print("the unit failed", file=sys.stderr)
            sys.exit(1)
        time.sleep(0.01)
"""
SERVER = """
import pathlib, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
kind = {kind!r}
if kind == "crash":
    sys.exit(3)
if kind == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/long":
            pathlib.Path("began").touch()
            time.sleep(1.5)
        if kind in ("hang", "deaf"):
            time.sleep(60)
        if kind == "slow":
            time.sleep(0.5)
        if kind == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b"x")
                time.sleep(0.1)
        self.send_response(500 if kind == "500" or (kind == "half" and self.path != "/health") else 200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\\n")
    def log_message(self, *_):
        pass
class Server(ThreadingHTTPServer):
    # Else it answers what is under way before it ends.
    daemon_threads = kind != "patient"
server = Server(("127.0.0.1", {port}), Handler)
if kind != "never":
    pathlib.Path(sys.argv[1]).touch()
server.serve_forever()
"""


class ActivateTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.systemctl(SYSTEMCTL, f"#!{sys.executable}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.settings["port"] = self.port
        self.tell(self.settings)
        self.patch("SHORTEST_GATE_SECONDS", 0.5)
        self.addCleanup(lambda: subprocess.run([self.folder / "bin/systemctl", "kill", "front.service"], check=True))

    def make_server(self, name, kind="good", **files):
        return self.make(name, **{"server.py": SERVER.format(kind=kind, port=self.port), **files})

    def serve_first(self):
        self.make_server(FIRST)
        self.assertEqual(self.run_program("activate", "front", FIRST), (0, f"front {FIRST}\n", ""))

    def running(self):
        return release.Application("front").running()

    def log(self):
        path = self.folder / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def test_a_good_release_serves(self):
        self.serve_first()
        self.make_server(SECOND)
        self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
        self.assertEqual((self.current(), self.running()), (f"releases/{SECOND}", {SECOND}))

    def test_one_that_serves_already_is_left_alone(self):
        self.serve_first()
        self.log()
        self.assertEqual(self.run_program("activate", "front", FIRST)[0], 0)
        self.assertEqual(self.log(), [])

    def test_a_bad_release_is_taken_back_at_once_with_the_reason(self):
        self.serve_first()
        for number, (kind, why) in enumerate(
            (
                ("crash", "the service does not take it: systemctl ended with 1: the unit failed"),
                ("never", "the service does not take it: it took more than 2 s"),
                ("500", "/health answers 500"),
                ("slow", "/health has no answer within 0.2 s"),
                ("drip", "/health has no answer within 0.2 s"),
                ("hang", "/health has no answer within 0.2 s"),
                ("deaf", "/health has no answer within 0.2 s"),
            )
        ):
            with self.subTest(kind=kind):
                name = f"2026110400000{number}-cccccccccccc"
                self.make_server(name, kind)
                began = time.monotonic()
                status, out, said = self.run_program("activate", "front", name)
                self.assertEqual((status, out), (1, ""))
                self.assertEqual(said, f"platform-release: {name}: {why}; {FIRST} serves again\n")
                self.assertEqual((self.current(), self.running()), (f"releases/{FIRST}", {FIRST}))
                self.assertLess(time.monotonic() - began, 6)

    def test_a_path_besides_health_counts_where_it_is_named(self):
        self.serve_first()
        self.make_server(BAD, "half")
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 0)
        self.run_program("activate", "front", FIRST)
        self.settings["gate"]["also"] = ["/messages"]
        self.tell(self.settings)
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("/messages answers 500", said)

    def test_a_release_says_itself_that_it_is_bad_with_the_applications_variables_and_no_secret_is_told(self):
        (self.folder / "front.env").write_text("PASSWORD='correct horse'\nTEXT=\"it's\"\nKEY='begins\nbattery staple'\n")
        self.settings["variables"] = [str(self.folder / "front.env")]
        self.tell(self.settings)
        self.serve_first()
        script = '#!/bin/sh\ntest "$PORT" = {port} && test "$PWD" = "$HOME/current"\n{rest}\n'
        good = self.make_server(SECOND, **{"bin/check-release": script.format(port=self.port, rest='test "$TEXT" = "it\'s"')})
        bad = self.make_server(BAD, **{"bin/check-release": script.format(port=self.port, rest='echo "no login as $PASSWORD, $(echo "$KEY" | tail -n 1)" >&2; exit 1')})
        for folder in (good, bad):
            (folder / "bin/check-release").chmod(0o755)
        self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("bin/check-release: sh ended with 1: no login as ***, ***; ", said)
        # Only the beginning of a long line is told.
        long = script.format(port=self.port, rest='echo "$(printf "%0292d") $PASSWORD" >&2; exit 1')
        (bad / "bin/check-release").write_text(long)
        self.assertNotIn("corr", self.run_program("activate", "front", BAD)[2])
        self.assertEqual(self.running(), {SECOND})

    def test_a_release_that_is_not_here_changes_nothing(self):
        self.serve_first()
        self.log()
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"platform-release fetch front {SECOND}", said)
        self.assertEqual((self.current(), self.log()), (f"releases/{FIRST}", []))

    def test_a_bad_first_release_says_that_there_is_none_before_it(self):
        self.make_server(BAD, "500")
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("there is no release before it", said)

    def test_an_activation_that_was_killed_is_no_reason_to_take_the_bad_release_for_the_one_before(self):
        self.serve_first()
        self.make_server(BAD, "500")
        self.assertTrue(self.killed(release.Application, "point", "after", "activate", "front", BAD))
        self.make_server(SECOND, "hang")
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"{FIRST} serves again", said)

    def test_an_activation_that_was_killed_at_any_step_is_completed_or_undone_by_the_next(self):
        # Many of them, and none is to fail because this host is busy.
        self.settings["activate_seconds"], self.settings["gate"]["slow_milliseconds"] = 20, 2000
        self.tell(self.settings)
        for name, kind in ((FIRST, "good"), (SECOND, "good"), (BAD, "500")):
            self.make_server(name, kind)
        steps = [(release.Application, "point"), (release, "run"), (release.Application, "passes"), (release.State, "keep")]
        for target, step in (*steps, (release.Application, "go_back")):
            for when in ("before", "after"):
                for name, serves in ((SECOND, SECOND), (BAD, FIRST)):
                    if name == SECOND and step == "go_back" or name == BAD and step == "keep":
                        continue
                    with self.subTest(step=step, when=when, release=name):
                        self.assertEqual(self.run_program("activate", "front", FIRST), (0, f"front {FIRST}\n", ""))
                        self.assertTrue(self.killed(target, step, when, "activate", "front", name))
                        self.assertIn(self.current(), (f"releases/{FIRST}", f"releases/{name}"))
                        self.assertEqual(self.run_program("activate", "front", name)[0], 0 if name == SECOND else 1)
                        self.assertEqual((self.current(), self.running()), (f"releases/{serves}", {serves}))

    def test_an_activation_that_was_killed_on_a_machine_without_another_before_goes_back_to_what_ran(self):
        self.make_server(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.make_server(SECOND)
        self.make_server(BAD, "500")
        self.assertTrue(self.killed(release.Application, "point", "after", "activate", "front", SECOND))
        self.assertIn(f"{FIRST} serves again", self.run_program("activate", "front", BAD)[2])

    def tell_current(self):
        status, out, _ = self.run_program("current", "front")
        told = json.loads(out)
        self.assertEqual((status, json.loads(self.run_program("status")[1])), (0, {"front": told}))
        return told["release"], told["trying"], told["running"]

    def reboot(self):
        """What the boot printed: the processes are gone, and start when the unit before them has ended."""
        subprocess.run([self.folder / "bin/systemctl", "kill", "front.service"], check=True)
        status, out, said = self.run_program("boot", "front")
        self.assertEqual((status, said), (0, ""))
        subprocess.run([self.folder / "bin/systemctl", "restart", "front.service"], check=True)
        return out

    def test_a_machine_that_reboots_in_an_activation_starts_the_release_before(self):
        self.serve_first()
        self.make_server(BAD)
        self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
        for step, running in (("take_over", FIRST), ("passes", BAD)):
            with self.subTest(killed_before=step):
                self.assertTrue(self.killed(release.Application, step, "before", "activate", "front", BAD))
                self.assertEqual(self.tell_current(), (BAD, True, [running]))
                self.assertEqual(self.reboot(), f"front {FIRST}\n")
                self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
                self.assertEqual(self.reboot(), "")

    def test_a_reboot_changes_nothing_where_no_activation_was_interrupted_or_there_is_no_release_before(self):
        self.make_server(FIRST)
        self.assertTrue(self.killed(release.Application, "passes", "before", "activate", "front", FIRST))
        self.assertEqual(self.reboot(), "")
        self.assertEqual(self.tell_current(), (FIRST, True, [FIRST]))
        self.assertEqual(self.run_program("activate", "front", FIRST)[0], 0)
        self.make_server(BAD, "500")
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 1)
        # What somebody else made of it since is nothing that was tried.
        release.Application("front").point(BAD)
        self.assertEqual(self.reboot(), "")
        self.assertEqual(self.tell_current(), (BAD, False, [BAD]))

    def test_others_at_the_application_are_waited_for_as_long_as_is_told(self):
        self.serve_first()
        self.make_server(SECOND)
        other = subprocess.Popen(["flock", self.folder / "front.lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1)
        other.stdout.readline()
        status, out, said = self.run_program("activate", "front", SECOND, "--within", "1")
        other.communicate()
        self.assertEqual((status, out), (75, ""))
        self.assertEqual(said, "platform-release: others are at front, and not done after 1 s: nothing was done\n")
        self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
        self.assertEqual(self.run_program("activate", "front", SECOND, "--within", "1")[0], 0)

    def test_a_service_in_python_has_time_to_answer_what_is_under_way(self):
        tasks = yaml.safe_load((ROLES / "machine-learning/tasks/main.yml").read_text(encoding="utf-8"))
        seconds = jinja2.Template(tasks[0]["vars"]["application_activate_seconds"])
        # Less than the answer takes, in itself.
        gate = self.settings["gate"]["seconds"]
        self.settings["activate_seconds"] = int(seconds.render(machine_learning_stop_timeout=4, machine_learning_gate_seconds=gate))
        self.tell(self.settings)
        folder = self.make_server(FIRST, "patient")
        self.run_program("activate", "front", FIRST)
        self.make_server(SECOND)

        def ask():
            connection = HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/long")
            return connection.getresponse().status

        with ThreadPoolExecutor() as pool:
            answer = pool.submit(ask)
            while not (folder / "began").exists():
                time.sleep(0.01)
            self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
            self.assertEqual(answer.result(), 200)

    def test_the_release_to_which_somebody_else_moved_current_is_the_one_before(self):
        self.serve_first()
        self.make_server(SECOND)
        release.Application("front").point(SECOND)
        subprocess.run([self.folder / "bin/systemctl", "restart", "front.service"], check=True)
        self.make_server(BAD, "500")
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual((status, self.current(), self.running()), (1, f"releases/{SECOND}", {SECOND}))
        self.assertIn(f"{SECOND} serves again", said)

    def test_two_activations_come_one_after_the_other(self):
        self.make_server(SECOND)
        other = subprocess.Popen(["flock", self.folder / "front.lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1)
        other.stdout.readline()
        waiting = threading.Thread(target=self.run_program, args=("activate", "front", SECOND))
        with mock.patch.object(release, "within", lambda _: contextlib.nullcontext()):
            waiting.start()
            waiting.join(0.5)
            self.assertEqual((self.current(), self.log()), (None, []))
            other.communicate()
            waiting.join()
        self.assertEqual((self.current(), self.running()), (f"releases/{SECOND}", {SECOND}))

    def test_a_service_that_kept_the_one_before_is_not_restarted_to_go_back(self):
        self.serve_first()
        self.make_server(BAD)
        self.settings["activate"] = ["false"]
        self.tell(self.settings)
        self.log()
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 1)
        self.assertEqual((self.log(), self.current(), self.running()), ([], f"releases/{FIRST}", {FIRST}))

    def test_a_service_that_goes_on_with_the_one_before_has_not_taken_the_release(self):
        self.serve_first()
        self.make_server(SECOND)
        self.settings["activate"] = ["true"]
        self.tell(self.settings)
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"{SECOND}: {FIRST} still runs; {FIRST} serves again", said)

    def test_old_releases_go_and_none_that_is_used(self):
        self.serve_first()
        for day in range(4, 10):
            self.make_server(f"2026110{day}000000-dddddddddddd")
        self.assertEqual(self.run_program("prune", "front", "--keep", "2")[0], 0)
        self.assertEqual(self.releases(), [FIRST, "20261108000000-dddddddddddd", "20261109000000-dddddddddddd"])


if __name__ == "__main__":
    unittest.main()
