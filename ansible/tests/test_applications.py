"""What stands on a machine for its applications: what is written where, and what is taken away."""

import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import jinja2
import yaml

from programs import ROLES

PLAY = f"""
- name: Tidy
  hosts: localhost
  connection: local
  gather_facts: false
  vars_files: ["{ROLES}/application/vars/main.yml"]
  tasks:
    - name: Tidy
      ansible.builtin.include_tasks: "{ROLES}/application/tasks/undeclared.yml"
"""
UNITS = ("machine-learning/templates/application.service.j2", "pm2/templates/pm2@.service.j2")


class UndeclaredTest(unittest.TestCase):
    def tidy(self, names):
        """Names of the files that are left, in all folders."""
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "play.yml").write_text(PLAY)
            (folder / "secrets.d").mkdir()
            (folder / "env").mkdir()
            (folder / "releases.d").mkdir()
            for file in ("application-back.json", "application-old.json", "postgresql.json"):
                (folder / "secrets.d" / file).touch()
            for file in ("back.env", "back.configuration.env", "old.env", "old.configuration.env"):
                (folder / "env" / file).touch()
            for file in ("back.json", "old.json"):
                (folder / "releases.d" / file).touch()
            variables = {
                "application_list": [{"name": name} for name in names],
                "application_drop_ins": str(folder / "secrets.d"),
                "application_env": str(folder / "env"),
                "application_takeovers": str(folder / "releases.d"),
                "ansible_python_interpreter": "python3",
            }
            command = ["ansible-playbook", "-i", "localhost,", folder / "play.yml", "-e", json.dumps(variables)]
            environment = {**os.environ, "ANSIBLE_STRATEGY": "linear"}
            run = subprocess.run(command, cwd=ROLES.parent, env=environment, capture_output=True, text=True)
            self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
            return sorted(file.name for part in ("secrets.d", "env", "releases.d") for file in (folder / part).iterdir())

    def test_what_is_no_longer_declared_is_taken_away_and_nothing_of_others(self):
        kept = ["application-back.json", "back.configuration.env", "back.env", "back.json", "postgresql.json"]
        self.assertEqual(self.tidy(["back"]), kept)
        self.assertEqual(self.tidy([]), ["postgresql.json"])


def at(tasks, **wanted):
    """The place of the first task that has these words in its description."""
    return next(place for place, task in enumerate(tasks) if all(str(text) in str(task) for text in wanted.values()))


class UpgradeTest(unittest.TestCase):
    def tasks(self, path):
        return yaml.safe_load((ROLES / path).read_text(encoding="utf-8"))

    def test_both_files_are_there_before_what_reads_them_and_the_old_one_goes_when_nothing_reads_it(self):
        for role, reader in (("js", "ecosystem.config.json.j2"), ("machine-learning", "application.service.j2")):
            with self.subTest(role=role):
                tasks = self.tasks(f"{role}/tasks/main.yml")
                order = [
                    at(tasks, role="{'name': 'application'}"),
                    at(tasks, file=reader),
                    at(tasks, role="{'name': 'unit'"),
                    at(tasks, role="'tasks_from': 'before'"),
                ]
                self.assertEqual(order, sorted(order))
                self.assertEqual(order[-1], len(tasks) - 1)
                # What is written is what is read.
                for file in ("configuration.env", "env"):
                    self.assertIn(f"/etc/platform/env/%i.{file}", str(tasks[order[2]]))
                    read = (ROLES / role / "templates" / reader).read_text(encoding="utf-8")
                    self.assertIn(f"/etc/platform/env/{{{{ item.name }}}}.{file}", read)
        written = self.tasks("application/vars/main.yml")
        self.assertEqual(written["application_env"], "/etc/platform/env")

    def test_a_check_that_says_no_is_asked_again_until_another_machine_had_its_look(self):
        tasks = self.tasks("application/tasks/main.yml")
        task = tasks[at(tasks, program="platform-secrets")]
        refresh = self.tasks("secrets/defaults/main.yml")["secrets_refresh_seconds"]
        self.assertEqual(task["until"], f"{task['register']} is succeeded")
        self.assertGreater(task["retries"] * task["delay"], refresh + 10)


class UnitsTest(unittest.TestCase):
    def test_no_application_starts_where_the_rules_of_the_metadata_service_are_not_in_force(self):
        for path in UNITS:
            text = (ROLES / path).read_text(encoding="utf-8")
            self.assertRegex(text, r"(?m)^Requires=platform-metadata\.service$")
            self.assertRegex(text, r"(?m)^After=.*\bplatform-metadata\.service\b")

    def test_no_application_starts_at_boot_before_what_was_only_tried_is_taken_back(self):
        template = (ROLES / "application/templates/platform-release-boot.service.j2").read_text(encoding="utf-8")
        environment = jinja2.Environment(trim_blocks=True)
        environment.filters["comment"] = lambda text: f"# {text}"
        for role, unit in (("js", "pm2@{}.service"), ("machine-learning", "application-{}.service")):
            tasks = yaml.safe_load((ROLES / role / "tasks/main.yml").read_text(encoding="utf-8"))
            given = {"application_unit": tasks[0]["vars"]["application_unit"], "application_names": ["back", "other"]}
            lines = environment.from_string(template).render(**given).splitlines()
            # Nor does a deployment log in before.
            self.assertIn("Before=ssh.service", lines)
            for name in given["application_names"]:
                self.assertIn(f"Before={unit.format(name)}", lines)
                self.assertIn(f"ExecStart=-/usr/local/sbin/platform-release boot {name}", lines)

    def test_new_rules_restart_no_application(self):
        handlers = yaml.safe_load((ROLES / "debian-base/handlers/main.yml").read_text(encoding="utf-8"))
        restarts = [handler for handler in handlers if "platform-metadata.service" in str(handler)]
        self.assertEqual(len(restarts), 1)
        self.assertIn("--job-mode=ignore-dependencies", restarts[0]["ansible.builtin.command"]["argv"])

    def test_root_reads_nothing_from_a_folder_of_an_application(self):
        files = [file for path in UNITS for file in re.findall(r"EnvironmentFile=(.*)", (ROLES / path).read_text())]
        self.assertEqual(len(files), 2)
        for file in files:
            self.assertTrue(file.startswith("/etc/platform/env/"), file)


if __name__ == "__main__":
    unittest.main()
