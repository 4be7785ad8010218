"""The role unit: what has not read its files is found by times, not by what a run remembers."""

import datetime
import json
import os
import pathlib
import subprocess
import tempfile
import unittest
from unittest import mock

from programs import ROLES, program

behind = program("unit/files/behind.py")

# Stands in for systemd: one unit, whose properties are lines of the file `unit`, and commands that change its times.
SYSTEMCTL = """#!/usr/bin/env python3
import datetime, pathlib, sys
here = pathlib.Path(__file__).parent
unit = dict(line.split("=", 1) for line in (here / "unit").read_text().splitlines())
verb = sys.argv[1]
if verb == "show":
    print("\\n".join(f"{name}={value}" for name, value in unit.items()))
    sys.exit()
with open(here / "log", "a") as log:
    log.write(f"{verb}\\n")
now = datetime.datetime.now(datetime.timezone.utc).strftime("%a %Y-%m-%d %H:%M:%S.%f UTC")
unit["StateChangeTimestamp"] = now
if verb == "restart":
    unit["InactiveExitTimestamp"] = now
unit["ReloadResult"] = "exit-code" if (here / "broken").exists() else "success"
(here / "unit").write_text("".join(f"{name}={value}\\n" for name, value in unit.items()))
sys.exit(unit["ReloadResult"] != "success")
"""

# The configuration is written, then the play fails where `broken` says so, then the role compares.
PLAY = """
- name: Play
  hosts: localhost
  connection: local
  gather_facts: false
  tasks:
    - name: Write
      ansible.builtin.copy: {content: "{{ content }}", dest: "{{ here }}/conf", mode: "0644"}
    - name: Break
      ansible.builtin.fail: {msg: broken}
      when: fails | default(false)
    - name: Compare
      ansible.builtin.import_role: {name: unit, rolespec_validate: false}
      vars:
        unit_name: "%i.service"
        unit_instances: "{{ instances | default(['served']) }}"
        unit_reload_files: ["{{ here }}/conf"]
        unit_restart: [Restart]
        unit_reload: [Reload]
    - name: Break later
      ansible.builtin.fail: {msg: broken}
      when: fails_later | default(false)
  handlers:
    - name: Restart
      ansible.builtin.command: {argv: [systemctl, restart, "{{ unit_restarts[0] }}"]}
    - name: Reload
      ansible.builtin.command: {argv: [systemctl, reload, "{{ unit_reloads[0] }}"]}
"""


def stamp(seconds):
    moment = datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    return moment.strftime("%a %Y-%m-%d %H:%M:%S.%f UTC")


class Machine(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = pathlib.Path(folder.name)
        self.times = {}
        self.own, self.configuration = self.file("unit.service", 100), self.file("conf", 100)

    def file(self, name, seconds):
        path = self.here / name
        path.write_text("old")
        self.times[str(path)] = seconds
        return str(path)

    def unit(self, **properties):
        return {
            "ActiveState": "active",
            "InactiveExitTimestamp": stamp(200),
            "ConditionTimestamp": stamp(200),
            "StateChangeTimestamp": stamp(201),
            "ReloadResult": "success",
            "NeedDaemonReload": "no",
            "FragmentPath": self.own,
            "DropInPaths": "",
            **properties,
        }


class NeedTest(Machine):
    def setUp(self):
        super().setUp()
        # A file's time on its machine's clock cannot be set. That of its content is always new here.
        time = lambda path: mock.Mock(st_ctime=self.times[path], st_mtime=1000)
        self.enterContext(mock.patch.object(behind.os, "stat", time))

    def need(self, restart=(), reload=(), **properties):
        return behind.need(self.unit(**properties), list(restart), list(reload))

    def test_a_unit_that_started_after_its_files_were_written_needs_nothing(self):
        self.assertIsNone(self.need([self.configuration], [self.configuration]))

    def test_a_file_that_is_newer_than_the_start_says_what_is_needed(self):
        newer = self.file("newer", 300)
        self.assertEqual(self.need(restart=[newer]), ("restart", newer))
        self.assertEqual(self.need(reload=[newer]), ("reload", newer))
        self.assertEqual(self.need([newer], [newer]), ("restart", newer))
        self.assertEqual(self.need(reload=[f"{self.here}/n*"]), ("reload", newer))
        self.assertIsNone(self.need([f"{self.here}/missing"]))

    def test_a_change_of_the_unit_itself_or_of_an_addition_to_it_asks_for_a_restart(self):
        addition = self.file("addition.conf", 300)
        self.assertEqual(self.need(DropInPaths=f"{self.own} {addition}"), ("restart", addition))
        self.assertEqual(self.need(NeedDaemonReload="yes"), ("restart", self.own))
        self.times[self.own] = 300
        self.assertEqual(self.need(), ("restart", self.own))

    def test_the_files_of_packages_are_their_own_affair(self):
        for path in ("/usr/lib/systemd/system/sh.service", "/lib/systemd/system/sh.service"):
            self.times[path] = 300
            with mock.patch.object(behind.glob, "glob", lambda pattern: [pattern]):
                self.assertIsNone(self.need(FragmentPath=path))

    def test_the_addition_that_has_a_unit_look_at_its_ports_asks_for_no_restart(self):
        addition, other = self.file("redirect.conf", 300), self.file("other.conf", 100)
        self.assertIsNone(self.need(DropInPaths=f"{other} {addition}"))
        self.assertEqual(self.need(DropInPaths=f"{addition} {self.file('other.conf', 300)}"), ("restart", other))

    def test_a_reload_reads_what_was_written_before_it_and_one_that_failed_reads_nothing(self):
        newer = self.file("newer", 300)
        self.assertIsNone(self.need(reload=[newer], StateChangeTimestamp=stamp(301)))
        failed = {"StateChangeTimestamp": stamp(301), "ReloadResult": "exit-code"}
        self.assertEqual(self.need(reload=[newer], **failed), ("reload", newer))
        self.assertEqual(self.need(restart=[newer], StateChangeTimestamp=stamp(301)), ("restart", newer))

    def test_what_is_not_active_is_restarted_rather_than_reloaded(self):
        newer = self.file("newer", 300)
        self.assertEqual(self.need(reload=[newer], ActiveState="activating"), ("restart", newer))

    def test_a_start_that_a_condition_made_needless_counts(self):
        unmet = {"ActiveState": "inactive", "InactiveExitTimestamp": "", "ConditionTimestamp": stamp(200)}
        self.assertIsNone(self.need([self.configuration], **unmet))
        self.assertIsNotNone(self.need([self.configuration], **{**unmet, "ConditionTimestamp": ""}))


class TimeTest(Machine):
    def test_a_new_file_whose_content_is_old_is_new(self):
        os.utime(self.configuration, (100, 100))
        now = datetime.datetime.now().timestamp()
        for start, found in ((now - 60, ("restart", self.configuration)), (now + 60, None)):
            times = {name: stamp(start) for name in ("InactiveExitTimestamp", "ConditionTimestamp")}
            unit = self.unit(FragmentPath="", **times)
            self.assertEqual(behind.need(unit, [self.configuration], []), found)


class RunTest(Machine):
    def setUp(self):
        super().setUp()
        (self.here / "systemctl").write_text(SYSTEMCTL)
        (self.here / "systemctl").chmod(0o755)
        now = datetime.datetime.now().timestamp()
        times = {"InactiveExitTimestamp": stamp(now), "ConditionTimestamp": stamp(now), "StateChangeTimestamp": stamp(now)}
        (self.here / "unit").write_text("".join(f"{k}={v}\n" for k, v in self.unit(**times).items()))
        (self.here / "play.yml").write_text(PLAY)

    def run_playbook(self, strategy, content, **values):
        variables = json.dumps({"here": str(self.here), "content": content, **values})
        environment = {
            **os.environ,
            "PATH": f"{self.here}:{os.environ['PATH']}",
            "ANSIBLE_STRATEGY": strategy,
            "ANSIBLE_ROLES_PATH": str(ROLES),
        }
        command = ["ansible-playbook", "-i", "localhost,", "-e", "ansible_python_interpreter=python3", "-e", variables]
        run = subprocess.run(
            [*command, self.here / "play.yml"], cwd=ROLES.parent, env=environment, capture_output=True, text=True
        )
        log = self.here / "log"
        done = log.read_text().split() if log.exists() else []
        log.unlink(missing_ok=True)
        return run.returncode, done, run.stdout + run.stderr

    def test_what_a_failed_run_left_undone_is_done_by_the_next_one_and_only_once(self):
        for strategy in ("linear", "mitogen_linear"):
            with self.subTest(strategy):
                fails = self.run_playbook(strategy, f"{strategy} new", fails=True)
                self.assertEqual(fails[:2], (2, []), fails[2])
                mended = self.run_playbook(strategy, f"{strategy} new")
                self.assertEqual(mended[:2], (0, ["reload"]), mended[2])
                self.assertIn(f"{self.here}/conf", mended[2])
                again = self.run_playbook(strategy, f"{strategy} new")
                self.assertEqual(again[:2], (0, []), again[2])
                self.assertIn("changed=0", again[2])

    def test_where_there_is_no_instance_nothing_is_asked(self):
        none = self.run_playbook("mitogen_linear", "new", instances=[])
        self.assertEqual(none[:2], (0, []), none[2])

    def test_a_failure_later_in_the_play_keeps_nothing_from_being_read(self):
        late = self.run_playbook("mitogen_linear", "new", fails_later=True)
        self.assertEqual(late[:2], (2, ["reload"]), late[2])

    def test_a_reload_that_failed_is_tried_again_by_the_next_run(self):
        (self.here / "broken").touch()
        self.assertEqual(self.run_playbook("mitogen_linear", "new")[:2], (2, ["reload"]))
        (self.here / "broken").unlink()
        self.assertEqual(self.run_playbook("mitogen_linear", "new")[:2], (0, ["reload"]))
        self.assertEqual(self.run_playbook("mitogen_linear", "new")[:2], (0, []))


if __name__ == "__main__":
    unittest.main()
