"""The health service: what it tells load balancers and the health extension, and when."""

import fcntl
import json
import math
import socket
import tempfile
import threading
import unittest
import urllib.error
import urllib.request

from programs import program

health = program("health/files/platform-health")


class HealthTest(unittest.TestCase):
    def setUp(self):
        health.EXAMINATION_SECONDS = 0
        self.complaint = None
        self.examination = health.Examination([lambda: self.complaint])
        self.lock = self.enterContext(tempfile.NamedTemporaryFile())
        listener = socket.create_server(("127.0.0.1", 0))
        self.server = health.HealthServer(listener, self.examination, self.lock.name, 30)
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def answers(self):
        """Status for load balancers, and state for the extension."""
        with urllib.request.urlopen(f"{self.address}/state") as answer:
            state = json.load(answer)["ApplicationHealthState"]
        try:
            with urllib.request.urlopen(f"{self.address}/health") as answer:
                return answer.status, state
        except urllib.error.HTTPError as error:
            return error.code, state

    def test_a_machine_that_was_never_well_is_unhealthy(self):
        self.complaint = "it is not there"
        self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_load_balancers_hear_of_a_bad_moment_and_the_extension_when_it_lasts(self):
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.complaint = "it is busy"
        self.assertEqual(self.answers(), (503, "Healthy"))
        self.examination.well -= 31
        self.assertEqual(self.answers(), (503, "Unhealthy"))
        self.complaint = None
        self.assertEqual(self.answers(), (200, "Healthy"))

    def test_a_machine_out_of_rotation_is_not_repaired_whatever_it_does(self):
        with open(self.lock.name, "a", encoding="utf-8") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            self.assertEqual(self.answers(), (404, "Healthy"))
            self.complaint = "it is being restarted"
            self.examination.well = -math.inf
            self.assertEqual(self.answers(), (503, "Healthy"))


if __name__ == "__main__":
    unittest.main()
