"""The programs of the roles drain and health together: who holds the lock takes the machine out of rotation."""

import json
import pathlib
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer

from programs import program

drain = program("drain/files/platform-drain")
health = program("health/files/platform-health")


class Azure(BaseHTTPRequestHandler):
    """Health endpoint and metadata service, as far as the program asks them."""

    def do_GET(self):
        path = self.path.split("?")[0]
        answers = {
            "/health": "",
            "/instance/compute/name": "vmss_1",
            "/scheduledevents": json.dumps({"Events": self.server.events}),
        }
        self.reply(answers[path], self.server.health if path == "/health" else 200)

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.approved += [request["EventId"] for request in body["StartRequests"]]
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
        self.server.lock = f"{self.folder.name}/lock"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        here = f"http://127.0.0.1:{self.server.server_port}"
        self.settings = {"lock": self.server.lock, "health": f"{here}/health", "notice": 3, "patience": 0, "units": []}
        drain.METADATA, drain.EVENTS = here, f"{here}/scheduledevents?v"
        drain.OWN_NAME = f"{here}/instance/compute/name?v"
        self.slept = []
        drain.time = type("Clock", (), {"sleep": self.sleep, "monotonic": lambda: 0.0})

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
        self.assertEqual(self.slept, [])

    def test_a_machine_that_is_well_is_so_out_of_rotation_too(self):
        for status, healthy in ((200, True), (404, True), (503, False)):
            self.server.health = status
            self.assertEqual(drain.Machine(self.settings).is_healthy(), healthy)

    def test_a_failure_is_the_commands_own_and_the_machine_comes_back(self):
        self.assertEqual(self.run_command("exit 7"), 7)
        self.assertFalse(health.is_draining(self.server.lock))

    def test_a_machine_that_does_not_get_healthy_again_is_a_failure(self):
        machine = drain.Machine(self.settings)
        answers = iter([True, False])
        machine.is_healthy = lambda: next(answers)
        drain.time.monotonic = iter([0.0, 1.0]).__next__
        self.assertEqual(machine.run(["true"]), 1)

    def test_the_end_of_another_machine_is_not_this_ones(self):
        self.server.events = [{"EventId": "e", "EventType": "Terminate", "EventStatus": "Scheduled", "NotBefore": "", "Resources": ["vmss_2"]}]
        with self.assertRaises(Stop):
            drain.Machine(self.settings).watch()
        self.assertEqual(self.server.approved, [])

    def test_the_announced_end_is_agreed_to_when_the_machine_is_out_of_rotation(self):
        self.server.events = [{"EventId": "e", "EventType": "Terminate", "EventStatus": "Scheduled", "NotBefore": "", "Resources": ["vmss_1"]}]
        with self.assertRaises(Stop):
            drain.Machine(self.settings).watch()
        self.assertEqual(self.server.approved, ["e"])
        self.assertTrue(self.server.draining_then)
        self.assertEqual(self.slept[0], (3, True))


if __name__ == "__main__":
    unittest.main()
