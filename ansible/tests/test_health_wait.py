"""The end of role health: a run goes past no machine that is ill, and waits for none that is well."""

import collections
import json
import os
import pathlib
import subprocess
import tempfile
import threading
import unittest
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from programs import ROLES

# Statuses of the health endpoint, the last one for ever, and what the role is told.
MACHINES = {
    "well": ([200], {}),
    "drained": ([404], {}),
    "late": ([503, 503, 200], {}),
    "ill": ([503], {}),
    "without": ([503], {"health_has_program": False}),
    "itself": ([503], {"health_wait": 0}),
}
PLAY = """
- name: Wait
  hosts: all
  gather_facts: false
  tasks:
    - ansible.builtin.import_role: {name: health, tasks_from: wait, rolespec_validate: false}
"""


class Health(BaseHTTPRequestHandler):
    def do_GET(self):
        self.server.asked.append(self.path)
        statuses = self.server.statuses
        self.send_response(statuses.pop(0) if len(statuses) > 1 else statuses[0])
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


class WaitTest(unittest.TestCase):
    def serve(self, statuses):
        server = ThreadingHTTPServer(("127.0.0.1", 0), Health)
        server.statuses, server.asked = list(statuses), []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        self.addCleanup(server.server_close)
        self.addCleanup(server.shutdown)
        return server

    def test_a_machine_that_does_not_get_well_fails_and_nobody_else_does(self):
        servers = {name: self.serve(statuses) for name, (statuses, _) in MACHINES.items()}
        hosts = {
            name: {"ansible_connection": "local", "health_port": servers[name].server_port, "health_wait": 6, **values}
            for name, (_, values) in MACHINES.items()
        }
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        (folder / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts}}))
        (folder / "play.yml").write_text(PLAY)
        run = subprocess.run(
            ["ansible-playbook", "-i", folder / "inventory.yml", "-e", "ansible_python_interpreter=python3"]
            + [folder / "play.yml"],
            cwd=ROLES.parent,
            env={**os.environ, "ANSIBLE_ROLES_PATH": str(ROLES)},
            capture_output=True,
            text=True,
            check=False,
        )
        recap = [line.split() for line in run.stdout.partition("PLAY RECAP")[2].splitlines() if " : " in line]
        results = {word[0]: {part for part in word[2:] if not part.endswith("=0")} for word in recap}
        passed = {"ok=1"}
        skipped = {"skipped=1"}
        self.assertEqual(
            results,
            {"well": passed, "drained": passed, "late": passed, "ill": {"failed=1"}}
            | {"without": skipped, "itself": skipped},
            run.stdout + run.stderr,
        )
        self.assertIn("journal of platform-health", run.stdout)
        asked = {name: collections.Counter(server.asked) for name, server in servers.items()}
        self.assertEqual(asked["well"], {"/health": 1})
        self.assertEqual(asked["late"], {"/health": 3})
        self.assertEqual((asked["without"], asked["itself"]), ({}, {}))


if __name__ == "__main__":
    unittest.main()
