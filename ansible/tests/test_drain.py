"""The programs of the roles drain and health together: who holds the lock takes the machine out of rotation."""

import contextlib
import fcntl
import io
import json
import math
import os
import sys
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock

from programs import program

drain = program("drain/files/platform-drain")
health = program("health/files/platform-health")


def event(kind, machine="vmss_1"):
    return {"EventId": kind, "EventType": kind, "EventStatus": "Scheduled", "NotBefore": "", "Resources": [machine]}


class Azure(BaseHTTPRequestHandler):
    """Health endpoint and metadata service, as far as the program asks them."""

    def do_GET(self):
        path = self.path.split("?")[0]
        if path == "/scheduledevents" and any(one["EventStatus"] == "Started" for one in self.server.events):
            if self.server.listed == 0:
                self.server.events = []
            self.server.listed -= 1
        answers = {
            "/health": "",
            "/instance/compute/name": "vmss_1",
            "/scheduledevents": json.dumps({"Events": self.server.events}),
        }
        momentary = self.server.moments.pop(0) if path == "/health" and self.server.moments else self.server.health
        self.reply(answers[path], momentary if path == "/health" else 200)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.server.refusals > 0:
            self.server.refusals -= 1
            self.reply("", 500)
            return
        approved = [request["EventId"] for request in body["StartRequests"]]
        self.server.approved += approved
        for one in self.server.events:
            if one["EventId"] in approved and self.server.starts:
                one["EventStatus"] = "Started"
        self.server.events += self.server.next
        self.server.next = []
        self.server.draining_then = health.is_draining(self.server.lock)
        self.reply("")

    def reply(self, text, status=200):
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


class Stop(Exception):
    pass


class DrainTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory()
        self.server = HTTPServer(("127.0.0.1", 0), Azure)
        self.server.health, self.server.events, self.server.approved = 200, [], []
        # What the health endpoint answers first.
        self.server.moments = []
        # What is approved starts, and is listed so often more; `next` is announced then.
        self.server.starts, self.server.listed, self.server.next, self.server.refusals = True, math.inf, [], 0
        self.server.lock = f"{self.folder.name}/lock"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{self.server.server_port}"
        self.settings = {"lock": self.server.lock, "health": f"{here}/health", "notice": 3, "patience": 0, "units": []}
        drain.METADATA, drain.EVENTS = here, f"{here}/scheduledevents?v"
        drain.OWN_NAME = f"{here}/instance/compute/name?v"
        self.slept = []
        drain.time = type("Clock", (), {"sleep": self.sleep, "monotonic": lambda: float(sum(s for s, _ in self.slept))})

    def sleep(self, seconds):
        self.slept.append((seconds, health.is_draining(self.server.lock)))
        if seconds == 3600 or (seconds == 1 and len(self.slept) > 10):
            raise Stop

    def tearDown(self):
        self.server.shutdown()
        self.server.server_close()
        self.folder.cleanup()

    def run_command(self, script):
        return drain.Machine(self.settings).run(["sh", "-c", script])

    def test_the_command_runs_out_of_rotation_and_both_ways_are_waited_for(self):
        self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [(3, True), (3, False)])

    def test_a_machine_that_nobody_asks_is_not_waited_for(self):
        self.server.health = 503
        self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [(1, True), (1, True)])
        self.server.shutdown()
        self.server.server_close()
        self.slept.clear()
        self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [])

    def test_a_machine_that_only_had_a_bad_moment_is_waited_for(self):
        self.server.moments = [503, 503]
        self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [(1, True), (1, True), (3, True), (3, False)])
        self.server.moments, self.slept = [500], []
        self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [(3, True), (3, False)])

    def test_a_machine_whose_answer_comes_late_is_waited_for(self):
        fetch, late = drain.fetch, [TimeoutError()]

        def once_late(*given):
            if late:
                raise late.pop()
            return fetch(*given)

        with mock.patch.object(drain, "fetch", once_late):
            self.assertEqual(self.run_command("exit 0"), 0)
        self.assertEqual(self.slept, [(3, True), (3, False)])

    def test_a_machine_that_serves_again_when_its_turn_comes_is_waited_for(self):
        """Before that, others had it out of rotation."""
        self.server.moments = [503] * 3

        def turn(file, within):
            self.server.moments = []
            fcntl.flock(file, fcntl.LOCK_EX)

        with mock.patch.object(drain, "lock", turn):
            self.run_command("exit 0")
        self.assertEqual(self.slept, [(3, True), (3, False)])

    def test_a_machine_that_is_well_is_so_out_of_rotation_too(self):
        for status, healthy in ((200, True), (404, True), (503, False)):
            self.server.health = status
            self.assertEqual(drain.Machine(self.settings).is_healthy(), healthy)

    def test_a_failure_is_the_commands_own_and_the_machine_comes_back(self):
        self.assertEqual(self.run_command("exit 7"), 7)
        self.assertFalse(health.is_draining(self.server.lock))

    def test_a_machine_that_does_not_get_healthy_again_is_a_failure(self):
        machine = drain.Machine(self.settings)
        machine.is_healthy = lambda: False
        drain.time.monotonic = iter([0.0, 1.0]).__next__
        self.assertEqual(machine.run(["true"]), 1)

    def run_program(self, *arguments):
        """(exit status, standard error)."""
        settings = f"{self.folder.name}/drain.json"
        with open(settings, "w", encoding="utf-8") as file:
            json.dump(self.settings, file)
        said = io.StringIO()
        with mock.patch.object(drain, "SETTINGS", settings), mock.patch.object(sys, "argv", ["platform-drain", *arguments]):
            with contextlib.redirect_stderr(said):
                return drain.main(), said.getvalue()

    def test_others_that_drain_the_machine_are_waited_for_as_long_as_is_told(self):
        mark = f"{self.folder.name}/mark"
        with open(self.server.lock, "a", encoding="utf-8") as other:
            fcntl.flock(other, fcntl.LOCK_EX)
            status, said = self.run_program("run", "--within", "1", "touch", mark)
        self.assertEqual(status, 75)
        self.assertEqual(said, "platform-drain: others drain this machine, and are not done after 1 s: nothing was done\n")
        self.assertEqual((os.path.exists(mark), self.slept), (False, []))
        self.assertEqual(self.run_program("run", "--within", "1", "touch", mark), (0, ""))
        self.assertTrue(os.path.exists(mark))

    def test_options_after_the_command_are_its_own(self):
        for before in ((), ("--within", "5")):
            self.assertEqual(self.run_program("run", *before, "sh", "-c", "exit 7", "--within", "9"), (7, ""))

    def test_what_is_no_command_is_refused(self):
        for arguments in ((), ("run",), ("run", "--within", "5"), ("run", "--within", "0", "true"), ("watch", "true"), ("stop",)):
            with self.subTest(arguments), self.assertRaises(SystemExit) as ended:
                self.run_program(*arguments)
            self.assertEqual(ended.exception.code, 2)

    def announce(self, kind, machine="vmss_1"):
        self.server.events = [event(kind, machine)]

    def watch(self):
        """Until the program ends with the machine, or finds nothing new for some seconds; the units it stopped."""
        self.settings["units"] = ["unit"]
        with mock.patch.object(drain.subprocess, "run") as run, self.assertRaises(Stop):
            drain.Machine(self.settings).watch()
        return run.call_count

    def test_what_is_announced_for_another_machine_is_not_this_ones(self):
        for kind in ("Terminate", "Reboot"):
            self.announce(kind, "vmss_2")
            self.watch()
        self.assertEqual(self.server.approved, [])
        self.assertFalse(any(draining for _, draining in self.slept))

    def test_the_announced_end_is_agreed_to_when_the_machine_is_out_of_rotation(self):
        for kind in ("Terminate", "Preempt"):
            with self.subTest(kind):
                self.announce(kind)
                self.server.approved, self.slept = [], []
                self.assertEqual(self.watch(), 1)
                self.assertEqual(self.server.approved, [kind])
                self.assertTrue(self.server.draining_then)
                self.assertEqual(self.slept, [(3, True), (3600, True)])

    def test_an_interrupted_machine_is_out_of_rotation_until_the_event_is_over(self):
        for kind in ("Freeze", "Reboot", "Redeploy"):
            with self.subTest(kind):
                self.announce(kind)
                self.server.approved, self.server.draining_then, self.slept = [], None, []
                self.server.listed = 2
                self.assertEqual(self.watch(), 0)
                self.assertEqual(self.server.approved, [kind])
                self.assertTrue(self.server.draining_then)
                self.assertEqual(self.slept[:5], [(3, True), (1, True), (1, True), (1, True), (3, False)])
                self.assertFalse(any(draining for _, draining in self.slept[5:]))

    def test_an_event_that_does_not_end_keeps_no_machine_out_of_rotation(self):
        self.announce("Reboot")
        self.server.starts = False
        with mock.patch.object(drain, "LONGEST_SECONDS", 4):
            self.watch()
        self.assertEqual(self.server.approved, ["Reboot"])
        self.assertEqual(self.slept[:6], [(3, True), *[(1, True)] * 4, (3, False)])
        self.assertFalse(any(draining for _, draining in self.slept[6:]))

    def test_an_agreement_that_fails_is_tried_again_out_of_rotation(self):
        self.announce("Freeze")
        self.server.refusals, self.server.listed = 2, 0
        with contextlib.redirect_stderr(io.StringIO()):
            self.watch()
        self.assertEqual(self.server.approved, ["Freeze"])
        self.assertEqual(self.slept[:5], [(3, True), (1, True), (1, True), (1, True), (3, False)])

    def test_an_end_that_is_announced_during_an_interruption_is_agreed_to_as_well(self):
        self.announce("Reboot")
        self.server.next = [event("Terminate")]
        self.assertEqual(self.watch(), 1)
        self.assertEqual(self.server.approved, ["Reboot", "Terminate"])
        self.assertEqual(self.slept, [(3, True), (1, True), (3600, True)])


if __name__ == "__main__":
    unittest.main()
