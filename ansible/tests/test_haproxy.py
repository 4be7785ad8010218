"""The program with which HAProxy starts and reloads: which servers are up at its beginning."""

import pathlib
import socket
import tempfile
import threading
import unittest

from programs import program

haproxy = program("haproxy/files/platform-haproxy")

CONFIGURATION = """
backend back
    default-server check port 8999
    server 10.0.0.4 10.0.0.4:4000
    server 10.0.0.5 10.0.0.5:4000

backend back-tunnels
    server 10.0.0.4 10.0.0.4:4000 track back/10.0.0.4
    server 10.0.0.5 10.0.0.5:4000 track back/10.0.0.5
"""
UP = "3 back 1 10.0.0.4 10.0.0.4 2 0 1 1 24 15 3 3 6 0 0 0 - 3999 - 0 8997 - - 0"


class HaproxyTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.configuration = self.folder / "haproxy.cfg"
        self.configuration.write_text(CONFIGURATION)
        self.states = self.folder / "states"

    def socket(self, name, answer):
        """A socket that answers one command; returns its path, and where the command will be."""
        listener = socket.socket(socket.AF_UNIX)
        self.addCleanup(listener.close)
        listener.bind(str(self.folder / name))
        listener.listen()
        asked = []

        def serve():
            connection, _ = listener.accept()
            with connection:
                asked.append(connection.recv(100).decode())
                connection.sendall(answer.encode())

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        return str(self.folder / name), asked

    def servers(self):
        """Operational state, port and port of checks, by server."""
        lines = [line.split() for line in self.states.read_text().splitlines()[2:]]
        self.assertEqual({line[1] for line in lines}, {"back"})
        return {line[3]: (line[5], line[18], line[21]) for line in lines}

    def test_before_a_start_every_server_is_down(self):
        haproxy.main("down", self.configuration, self.states)
        self.assertEqual(self.servers(), {"10.0.0.4": ("0", "4000", "8999"), "10.0.0.5": ("0", "4000", "8999")})

    def test_a_reload_keeps_states_not_ports_and_takes_unknown_servers_for_down(self):
        control, asked = self.socket("control", f"1\n# be_id be_name\n{UP}\n\n")
        master, told = self.socket("master", "Success=1\n--\nLoading success.\n")
        haproxy.main("reload", self.configuration, self.states, control, master)
        self.assertEqual(self.servers(), {"10.0.0.4": ("2", "4000", "8999"), "10.0.0.5": ("0", "4000", "8999")})
        self.assertEqual((asked, told), (["show servers state\n"], ["reload\n"]))

    def test_a_reload_that_fails_says_why(self):
        control, _ = self.socket("control", f"1\n# be_id be_name\n{UP}\n\n")
        master, _ = self.socket("master", "Success=0\n--\n[ALERT] unknown keyword 'broken'\n")
        with self.assertRaisesRegex(SystemExit, "unknown keyword 'broken'"):
            haproxy.main("reload", self.configuration, self.states, control, master)
