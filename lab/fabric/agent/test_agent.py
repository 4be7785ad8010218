"""Tests of the agent without a machine: python3 -m unittest discover -s lab/fabric/agent"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from unittest import mock

import agent


def states(judge, answers):
    """The state after each (answer, age)."""
    return [judge.observe(answer, age) for answer, age in answers]


class TheJudge(unittest.TestCase):
    def test_takes_the_first_answer_at_once_without_a_grace_period(self):
        self.assertEqual(states(agent.Judge(3, 0, "Unhealthy"), [("Unhealthy", 1)]), ["Unhealthy"])

    def test_changes_after_as_many_equal_answers_as_configured(self):
        judge = agent.Judge(3, 0, "Unhealthy", "Healthy")
        answers = ["Unhealthy", "Unhealthy", "Healthy", "Unhealthy", "Unhealthy", "Unhealthy", "Healthy"]
        self.assertEqual(states(judge, [(answer, 1) for answer in answers]), ["Healthy"] * 5 + ["Unhealthy"] * 2)

    def test_is_initializing_while_nothing_answers_in_the_grace_period(self):
        judge = agent.Judge(2, 10, "Unknown")
        self.assertEqual(states(judge, [("Unknown", 1), ("Unknown", 5), ("Unknown", 9)]), ["Initializing"] * 3)

    def test_leaves_the_grace_period_early_with_a_clear_answer(self):
        self.assertEqual(states(agent.Judge(2, 10, "Unknown"), [("Healthy", 1), ("Healthy", 2)]), ["Initializing", "Healthy"])
        self.assertEqual(states(agent.Judge(2, 10, "Unknown"), [("Unhealthy", 1), ("Unhealthy", 2)]), ["Initializing", "Unhealthy"])

    def test_fails_when_the_grace_period_has_passed_and_recovers_by_equal_answers(self):
        judge = agent.Judge(2, 10, "Unknown")
        self.assertEqual(states(judge, [("Healthy", 10), ("Healthy", 11), ("Healthy", 12)]), ["Unknown", "Unknown", "Healthy"])


class AResponse(unittest.TestCase):
    def test_of_rich_states_counts_by_its_body_and_only_with_success(self):
        self.assertEqual(agent.judge_response(200, b'{"ApplicationHealthState": "Healthy"}', True), "Healthy")
        self.assertEqual(agent.judge_response(204, b'{"applicationHealthState": "Unhealthy"}', True), "Unhealthy")
        self.assertEqual(agent.judge_response(503, b'{"ApplicationHealthState": "Unhealthy"}', True), "Unknown")
        for body in (b"", b"Healthy", b"[]", b"{}", b'{"ApplicationHealthState": "healthy"}', b"\xff"):
            self.assertEqual(agent.judge_response(200, body, True), "Unknown")

    def test_of_binary_states_counts_by_its_status_only(self):
        self.assertEqual(agent.judge_response(200, b"anything", False), "Healthy")
        self.assertEqual(agent.judge_response(204, b"", False), "Unhealthy")
        self.assertEqual(agent.judge_response(500, b"", False), "Unhealthy")


class AProbe(unittest.TestCase):
    def test_asks_the_configured_path_and_port(self):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                self.send_response(200 if self.path == "/health?x=1" else 404)
                self.end_headers()
                self.wfile.write(b'{"ApplicationHealthState": "Healthy"}')

            def log_message(self, *_):
                pass

        server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.addCleanup(server.server_close)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.shutdown)
        config = {"protocol": "http", "port": server.server_port, "path": "/health?x=1", "rich": True}
        self.assertEqual(agent.probe(config), "Healthy")
        self.assertEqual(agent.probe({**config, "path": "health?x=1"}), "Healthy")
        self.assertEqual(agent.probe({**config, "path": "/other"}), "Unknown")
        self.assertEqual(agent.probe({**config, "protocol": "tcp"}), "Healthy")
        self.assertEqual(agent.probe({**config, "protocol": "https"}), "Unknown")

    def test_without_an_answer_is_unknown_only_for_rich_states_over_http(self):
        config = {"protocol": "http", "port": 1, "path": "/", "rich": True}
        self.assertEqual(agent.probe(config), "Unknown")
        self.assertEqual(agent.probe({**config, "rich": False}), "Unhealthy")
        self.assertEqual(agent.probe({**config, "protocol": "tcp"}), "Unhealthy")


class Readiness(unittest.TestCase):
    def write(self, text):
        file = tempfile.NamedTemporaryFile("w", delete=False, encoding="utf8")
        self.addCleanup(os.unlink, file.name)
        with file:
            file.write(text)
        return file.name

    def test_sees_a_listener_on_port_22_and_no_connection(self):
        head = "  sl  local_address rem_address   st\n"
        self.assertTrue(agent.listens_on_ssh([self.write(head + "   0: 00000000:0016 00000000:0000 0A\n")]))
        self.assertFalse(agent.listens_on_ssh([self.write(head + "   0: 0100007F:0016 0100007F:9C40 01\n")]))
        self.assertFalse(agent.listens_on_ssh([self.write(head + "   0: 00000000:1600 00000000:0000 0A\n")]))

    def test_sees_a_default_route(self):
        head = "Iface Destination Gateway\n"
        self.assertTrue(agent.has_default_route(self.write(head + "eth0 00000000 0101FEA9\n")))
        self.assertFalse(agent.has_default_route(self.write(head + "eth0 0000FEA9 00000000\n")))

    def test_waits_for_the_third_stage_of_cloud_init(self):
        status = {"v1": {"modules-config": {"start": 1.0, "finished": None}}}
        self.assertFalse(agent.first_boot_configured("/nowhere"))
        self.assertFalse(agent.first_boot_configured(self.write(json.dumps(status))))
        status["v1"]["modules-config"]["finished"] = 2.0
        self.assertTrue(agent.first_boot_configured(self.write(json.dumps(status))))


class AScript(unittest.TestCase):
    def setUp(self):
        directory = tempfile.TemporaryDirectory()
        self.addCleanup(directory.cleanup)
        self.root = os.path.join(directory.name, "scripts")
        self.runs = os.path.join(directory.name, "runs")

    def count(self):
        with open(self.runs, encoding="utf8") as file:
            return len(file.readlines())

    def test_runs_once_per_sequence_and_its_end_is_remembered(self):
        text = f"echo run >>{self.runs}; echo bad >&2; exit 7"
        self.assertEqual(agent.run_once("id", "1", text, self.root), (7, "bad\n"))
        self.assertEqual(agent.run_once("id", "1", text, self.root), (7, "bad\n"))
        self.assertEqual(self.count(), 1)
        agent.run_once("id", "2", text, self.root)
        agent.run_once("other", "1", text, self.root)
        self.assertEqual(self.count(), 3)

    def test_of_an_agent_that_was_killed_is_waited_for_and_not_run_again(self):
        text = f"echo run >>{self.runs}; sleep 1; exit 5"
        program = "import agent, sys; agent.run_once('id', '1', sys.stdin.read(), sys.argv[1])"
        with subprocess.Popen([sys.executable, "-B", "-c", program, self.root], stdin=subprocess.PIPE, cwd=os.path.dirname(agent.__file__)) as first:
            first.stdin.write(text.encode())
            first.stdin.close()
            while not os.path.exists(self.runs):
                time.sleep(0.01)
            first.kill()
        self.assertEqual(agent.run_once("id", "1", text, self.root), (5, ""))
        self.assertEqual(self.count(), 1)

    def test_that_leaves_a_process_behind_has_ended_all_the_same(self):
        self.assertEqual(agent.run_once("id", "1", "sleep 3 & exit 0", self.root), (0, ""))
        started = time.monotonic()
        self.assertEqual(agent.run_once("id", "1", "sleep 3 & exit 0", self.root), (0, ""))
        self.assertLess(time.monotonic() - started, 1)

    def test_is_written_to_no_file(self):
        agent.run_once("id", "1", ": very-secret", self.root)
        found = subprocess.run(["grep", "-r", "very-secret", self.root], check=False, capture_output=True)
        self.assertEqual(found.stdout, b"")

    def test_on_request_returns_what_it_wrote(self):
        with mock.patch.object(agent, "HOME", self.root.replace("scripts", "")):
            self.assertEqual(
                agent.run_command("echo out; echo err >&2; exit 4"), {"exitStatus": 4, "stdout": "out\n", "stderr": "err\n"})


if __name__ == "__main__":
    unittest.main()
