"""The program that lets others be reached at several ports: what it passes on, before, while and after one moves."""

import json
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import unittest
from unittest import mock

from programs import program

redirect = program("redirect/files/platform-redirect")


def front(port, *besides):
    return {"name": "front", "port": port, "besides": list(besides)}


class WhatIsPassedOn(unittest.TestCase):
    def test_the_new_port_answers_before_the_program_has_moved_and_the_old_one_after_it_has(self):
        moving = [front(3001, 3000)]
        self.assertEqual(redirect.plan(moving, {}, {3000}), ([(3001, 3000)], [(3001, 3000)]))
        self.assertEqual(redirect.plan(moving, {}, {3001}), ([(3000, 3001)], [(3000, 3001)]))

    def test_a_program_that_is_to_start_gets_everything_at_its_own_port(self):
        self.assertEqual(redirect.plan([front(3001, 3000)], {}, set())[0], [(3000, 3001)])

    def test_while_an_old_process_still_listens_the_own_port_counts(self):
        self.assertEqual(redirect.plan([front(3001, 3000)], {}, {3000, 3001})[0], [(3000, 3001)])

    def test_a_program_that_binds_all_its_ports_needs_nothing_once_it_has(self):
        binds = [{**front(3001, 3000), "binds_all": True}]
        self.assertEqual(redirect.plan(binds, {"front": [2999]}, {3000})[0], [(3001, 3000)])
        self.assertEqual(redirect.plan(binds, {"front": [2999]}, {3000, 3001}), ([], [(2999, 3001)]))

    def test_a_move_that_is_taken_back_half_way_is_a_move_in_the_other_direction(self):
        back = [front(3000, 3001)]
        self.assertEqual(redirect.plan(back, {"front": [3000, 3001]}, {3001})[0], [(3000, 3001)])
        self.assertEqual(redirect.plan(back, {"front": [3000, 3001]}, {3000})[0], [(3001, 3000)])

    def test_nothing_is_passed_on_for_others_once_a_port_has_left(self):
        self.assertEqual(redirect.plan([front(3001)], {}, {3001}), ([], []))

    def test_the_machine_itself_reaches_a_program_at_the_ports_that_it_had(self):
        outside, inside = redirect.plan([front(3001)], {"front": [3000]}, {3001})
        self.assertEqual((outside, inside), ([], [(3000, 3001)]))
        # Before it has moved, too: its health may be asked by the new configuration already.
        outside, inside = redirect.plan([front(3001)], {"front": [3000]}, {3000})
        self.assertEqual(inside, [(3001, 3000)])

    def test_a_former_port_that_another_program_has_now_is_left_alone(self):
        programs = [front(3001), {"name": "admin", "port": 3000, "besides": []}]
        self.assertEqual(redirect.plan(programs, {"front": [3000]}, {3000, 3001}), ([], []))

    def test_listeners_are_those_of_the_kernels_list(self):
        table = (
            "  sl  local_address rem_address   st\n"
            "   0: 00000000:0BB8 00000000:0000 0A 00000000:00000000\n"
            "   1: 0401140A:0FA0 0501140A:C350 01 00000000:00000000\n"
        )
        table6 = (
            "  sl  local_address                         remote_address                        st\n"
            "   0: 00000000000000000000000000000000:0BB9 00000000000000000000000000000000:0000 0A 00000000:00000000\n"
        )
        self.assertEqual(redirect.listening_ports([table, table6, ""]), {3000, 3001})

    @unittest.skipUnless(sys.byteorder == "little", "the kernel writes these addresses in another order")
    def test_a_listener_on_a_loopback_address_alone_is_none(self):
        for address, found in (
            ("00000000", True),
            ("0401140A", True),
            ("0100007F", False),
            ("0201007F", False),
            ("0" * 32, True),
            ("0" * 24 + "01000000", False),
            ("0000000000000000FFFF00000100007F", False),
            ("0000000000000000FFFF00000401140A", True),
            ("B80D0120000000000000000001000000", True),
        ):
            with self.subTest(address):
                table = f"  sl  local_address rem_address st\n   0: {address}:0BB8 {'0' * len(address)}:0000 0A\n"
                self.assertEqual(redirect.listening_ports([table]), {3000} if found else set())

    def test_the_kernels_own_list_tells_them_apart(self):
        with socket.create_server(("127.0.0.1", 0)) as near, socket.create_server(("", 0)) as far:
            ports = redirect.listening_ports(pathlib.Path(path).read_text() for path in redirect.SOCKETS)
            self.assertNotIn(near.getsockname()[1], ports)
            self.assertIn(far.getsockname()[1], ports)


class TheProgram(unittest.TestCase):
    """With a stand-in for nft, which keeps what it is given."""

    def setUp(self):
        folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.settings = folder / "redirect.json"
        self.enterContext(mock.patch.object(redirect, "SETTINGS", str(self.settings)))
        self.state = folder / "state.json"
        self.enterContext(mock.patch.object(redirect, "STATE", str(self.state)))
        self.enterContext(mock.patch.object(redirect.sys, "argv", ["platform-redirect"]))
        self.given = []
        self.enterContext(mock.patch.object(redirect.subprocess, "run", self.nft))
        self.said = []
        self.enterContext(mock.patch("builtins.print", lambda *words, **_: self.said.append(", ".join(words))))

    def nft(self, command, **options):
        self.assertEqual(command, ["/usr/sbin/nft", "-f", "-"])
        self.given.append(options["input"])

    def run_with(self, programs, listening):
        self.settings.write_text(json.dumps(programs), encoding="utf-8")
        with mock.patch.object(redirect, "listening_ports", lambda _: listening):
            self.assertEqual(redirect.main(), 0)

    def test_a_machine_on_which_nothing_ever_moved_gets_no_rules(self):
        self.run_with([front(3000)], {3000})
        self.run_with([front(3000)], {3000})
        self.assertEqual((self.given, self.said), ([], []))

    def test_one_that_was_killed_while_it_wrote_is_no_harm_to_the_next(self):
        self.state.write_text('{"former": {"fro', encoding="utf-8")
        self.run_with([front(3001, 3000)], {3000})
        self.assertEqual(self.said, ["3001 to 3000"])

    def test_it_says_what_changed_and_only_then(self):
        self.run_with([front(3000)], {3000})
        self.run_with([front(3001, 3000)], {3000})
        self.run_with([front(3001, 3000)], {3000})
        self.run_with([front(3001, 3000)], {3001})
        self.assertEqual(self.said, ["3001 to 3000", "3000 to 3001"])
        # The last move is over: others are refused at the old port, the machine itself is not.
        self.run_with([front(3001)], {3001})
        self.assertEqual(self.said[-1], "nothing")
        arriving, own = self.given[-1].split("chain own")
        self.assertNotIn("redirect to", arriving)
        self.assertIn("tcp dport 3000 redirect to :3001", own)


@unittest.skipUnless(shutil.which("nft") and shutil.which("unshare"), "nft and unshare are not here")
class TheKernel(unittest.TestCase):
    def test_a_connection_to_the_other_port_reaches_the_program_and_those_that_exist_stay(self):
        allowed = subprocess.run(["unshare", "--net", "nft", "list", "tables"], capture_output=True, check=False)
        if allowed.returncode != 0:
            self.skipTest("no network namespace may be made here")
        before, after = redirect.ruleset([], [(3001, 3000)]), redirect.ruleset([], [(3000, 3001)])
        script = f"""
import socket, subprocess
load = lambda rules: subprocess.run(["nft", "-f", "-"], input=rules, encoding="utf-8", check=True)
subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
reach = lambda port: socket.create_connection(("127.0.0.1", port), 2)
def answer(listener, client, text):
    server = listener.accept()[0]
    server.sendall(text)
    got = client.recv(9)
    return server, got
old = socket.create_server(("127.0.0.1", 3000))
standing = reach(3000)
server = old.accept()[0]
load({before!r})
passed, got = answer(old, reach(3001), b"old")
assert got == b"old", got
new = socket.create_server(("127.0.0.1", 3001))
old.close()
load({after!r})
through = reach(3000)
behind, got = answer(new, through, b"new")
assert got == b"new", got
server.sendall(b"kept")
assert standing.recv(9) == b"kept"
load({redirect.ruleset([], [])!r})
server.sendall(b"kept")
assert standing.recv(9) == b"kept"
behind.sendall(b"kept")
assert through.recv(9) == b"kept"
try:
    reach(3000)
    raise SystemExit("port 3000 still answers")
except ConnectionRefusedError:
    pass
"""
        done = subprocess.run(
            ["unshare", "--net", "python3", "-c", script], capture_output=True, text=True, timeout=30, check=False
        )
        self.assertEqual(done.returncode, 0, done.stderr)


if __name__ == "__main__":
    unittest.main()
