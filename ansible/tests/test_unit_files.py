"""systemd is told of each unit that a role writes: the task's result has a name, and a later task reloads by it."""

import unittest

import yaml

from programs import ROLES

MODULES = ("ansible.builtin.template", "ansible.builtin.copy")


def tasks():
    for file in sorted(ROLES.glob("*/tasks/*.yml")):
        for task in yaml.safe_load(file.read_text(encoding="utf-8")) or []:
            yield file.relative_to(ROLES), task
            for inner in task.get("block", []):
                yield file.relative_to(ROLES), inner


def writes_a_unit(task):
    return any(str(task.get(module, {}).get("dest", "")).startswith("/etc/systemd/system/") for module in MODULES)


class UnitFiles(unittest.TestCase):
    def test_each_is_read_after_it_was_written(self):
        reloads = [task.get("ansible.builtin.systemd_service", {}).get("daemon_reload", "") for _, task in tasks()]
        written = [(file, task) for file, task in tasks() if writes_a_unit(task)]
        self.assertGreater(len(written), 8)
        for file, task in written:
            with self.subTest(file=str(file), task=task["name"]):
                result = task.get("register")
                self.assertTrue(result and any(f"{result} is changed" in str(each) for each in reloads))


if __name__ == "__main__":
    unittest.main()
