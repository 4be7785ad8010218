"""The health service: what it tells load balancers and the health extension, and when."""

import fcntl
import json
import math
import os
import pathlib
import socket
import tempfile
import threading
import time
import types
import unittest
import urllib.error
import urllib.request
from unittest import mock

from programs import program

health = program("health/files/platform-health")


class HealthTest(unittest.TestCase):
    def setUp(self):
        health.EXAMINATION_SECONDS = 0
        self.complaint = None
        self.processor = types.SimpleNamespace(idle=5)
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(mock.patch.object(health, "STARTED_UNITS", self.folder))
        self.lock = self.folder / "lock"
        self.lock.touch()
        self.start_program()

    def start_program(self, **settings):
        """The program, or the one that follows it after a restart."""
        boot = health.Boot(self.folder / "boot.json")
        self.examination = health.Examination([lambda: self.complaint], boot, self.processor)
        listener = socket.create_server(("127.0.0.1", 0))
        self.server = health.HealthServer(
            listener, health.Verdict(self.examination, ["web.service"], 30, 1800), self.lock, **settings
        )
        self.server.note = lambda _: None
        self.addCleanup(self.server.server_close)
        self.addCleanup(self.server.shutdown)
        threading.Thread(target=self.server.serve_forever, args=[0.01], daemon=True).start()
        self.address = f"http://127.0.0.1:{listener.getsockname()[1]}"

    def ask(self, path):
        try:
            with urllib.request.urlopen(f"{self.address}{path}") as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read()

    def answers(self):
        """Status for load balancers, and what the extension makes of its answer."""
        status, body = self.ask("/state")
        # As the extension reads it: the body of a good status only.
        state = json.loads(body)["ApplicationHealthState"] if status == 200 else "Unknown"
        return self.ask("/health")[0], state

    def start_unit(self, unit, seconds_ago=0.0):
        link = self.folder / f"invocation:{unit}"
        link.unlink(missing_ok=True)
        link.symlink_to("72aa791945214eefbdb2706660790d5d")
        at = time.time() - seconds_ago
        os.utime(link, (at, at), follow_symlinks=False)

    def test_a_machine_that_was_not_well_since_its_boot_is_unknown_for_half_an_hour(self):
        self.complaint = "it reads its log"
        self.assertEqual(self.answers(), (503, "Unknown"))
        self.examination.boot.began -= 1790
        self.assertEqual(self.answers(), (503, "Unknown"))
        self.examination.boot.began -= 20
        self.assertEqual(self.answers(), (503, "Unhealthy"))
        self.complaint = None
        self.assertEqual(self.answers(), (200, "Healthy"))

    def test_silence_of_a_machine_without_idle_processor_is_no_illness_for_ten_minutes(self):
        silent, _ = health.Silence("it does not answer"), self.answers()
        self.complaint = silent
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.examination.well -= 590
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.examination.well -= 20
        self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_silence_of_a_machine_that_has_idle_processor_and_a_refusal_are_illness(self):
        self.answers()
        self.complaint = "it refuses"
        self.assertEqual(self.answers()[0], 503)
        self.complaint, self.processor.idle = health.Silence("it does not answer"), 50
        self.assertEqual(self.answers()[0], 503)

    def test_a_machine_that_was_not_well_yet_is_not_busy(self):
        self.complaint = health.Silence("it does not answer")
        self.assertEqual(self.answers(), (503, "Unknown"))

    def test_a_service_that_takes_a_connection_and_does_not_answer_is_silent_one_that_refuses_is_not(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}/health"
            self.assertIsInstance(health.check_url(url, 0.1), health.Silence)
        self.assertNotIsInstance(health.check_url(url, 1), health.Silence)

    def test_a_restart_of_the_program_is_no_boot(self):
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.complaint = "it is busy"
        self.start_program()
        # It may have been well a moment ago.
        self.assertEqual(self.answers(), (503, "Healthy"))
        self.examination.well -= 31
        self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_a_restart_of_the_program_does_not_begin_the_half_hour_anew(self):
        self.complaint = "it is not there"
        with mock.patch.object(health, "clock", lambda: time.clock_gettime(time.CLOCK_BOOTTIME) + 1801):
            self.start_program()
            self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_another_boot_begins_anew(self):
        self.assertEqual(self.answers(), (200, "Healthy"))
        (self.folder / "boot.json").unlink()
        self.complaint = "it reads its log"
        self.start_program()
        self.assertEqual(self.answers(), (503, "Unknown"))

    def test_a_file_of_the_boot_that_cannot_be_read_or_written_changes_no_answer(self):
        (self.folder / "boot.json").write_text("[]")
        self.start_program()
        self.assertEqual(self.answers(), (200, "Healthy"))
        with mock.patch("builtins.print") as told:
            health.Boot(self.folder / "missing" / "boot.json").note_well()
        self.assertIn("is not remembered", told.call_args[0][0])

    def test_load_balancers_hear_of_a_bad_moment_and_the_extension_when_it_lasts(self):
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.complaint = "it is busy"
        self.assertEqual(self.answers(), (503, "Healthy"))
        self.examination.well -= 31
        self.assertEqual(self.answers(), (503, "Unhealthy"))
        self.complaint = None
        self.assertEqual(self.answers(), (200, "Healthy"))

    def test_a_service_that_was_started_has_the_patience_once(self):
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.examination.well -= 60
        self.complaint = "it loads its model"
        self.start_unit("web.service", 20)
        self.assertEqual(self.answers(), (503, "Healthy"))
        # It failed, and systemd starts it again and again.
        self.examination.well -= 20
        self.server.verdict.restarted -= 20
        self.start_unit("web.service")
        self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_a_start_from_before_the_machine_was_well_gives_no_patience(self):
        self.start_unit("web.service", 50)
        self.assertEqual(self.answers(), (200, "Healthy"))
        self.examination.well -= 31
        self.complaint = "it hangs"
        self.assertEqual(self.answers(), (503, "Unhealthy"))

    def test_a_machine_out_of_rotation_is_not_repaired_whatever_it_does(self):
        with open(self.lock, "a", encoding="utf-8") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            self.assertEqual(self.answers(), (404, "Healthy"))
            self.complaint = "it is being restarted"
            self.examination.well = -math.inf
            self.assertEqual(self.answers(), (503, "Healthy"))

    def test_a_machine_without_a_program_is_in_no_rotation_and_is_not_repaired(self):
        self.start_program(has_program=False)
        self.assertEqual(self.answers(), (503, "Healthy"))
        with open(self.lock, "a", encoding="utf-8") as holder:
            fcntl.flock(holder, fcntl.LOCK_EX)
            self.assertEqual(self.answers(), (503, "Healthy"))

    def test_a_unit_that_does_not_run_is_told(self):
        self.start_unit("web.service")
        self.assertIsNone(health.check_unit("web.service"))
        self.assertEqual(health.check_unit("other.service"), "other.service does not run")
        self.assertAlmostEqual(health.clock() - health.started("web.service"), 0, delta=5)


if __name__ == "__main__":
    unittest.main()
