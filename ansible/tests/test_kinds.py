"""The list of kinds without a program, held against what their playbooks install."""

import pathlib
import unittest

import yaml

ANSIBLE = pathlib.Path(__file__).parent.parent
NOT_KINDS = ("base", "environment", "site")


def roles(playbook):
    """Names of the roles of a kind's playbook, without those of all machines."""
    plays = yaml.safe_load(playbook.read_text(encoding="utf-8"))
    return {role["role"] for play in plays for role in play.get("roles", []) if role.get("tags") != "base"}


class KindsTest(unittest.TestCase):
    def test_a_kind_has_no_program_as_long_as_its_playbook_has_only_the_roles_that_all_have(self):
        playbooks = (ANSIBLE / "playbooks").glob("*.yml")
        kinds = {playbook.stem: roles(playbook) for playbook in playbooks if playbook.stem not in NOT_KINDS}
        common = set.intersection(*kinds.values())
        self.assertIn("health", common)
        without = [kind for kind in sorted(kinds) if kinds[kind] == common]
        values = yaml.safe_load((ANSIBLE / "inventory/group_vars/all.yml").read_text(encoding="utf-8"))
        self.assertEqual(values["platform_kinds_without_program"], without)


if __name__ == "__main__":
    unittest.main()
