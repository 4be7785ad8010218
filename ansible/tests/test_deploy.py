"""The role deploy: what its user may do by sudo, and nothing else; and who is let in by keys and certificates."""

import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import jinja2
import yaml

from programs import ROLES

# Asked of sudo itself in the lab, too: lab/e2e/deployment.ts.
CASES = json.loads(pathlib.Path(__file__).with_name("deploy_sudo.json").read_text(encoding="utf-8"))


def sudoers():
    """The rules as the role writes them."""
    environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
    environment.filters["comment"] = lambda text: f"# {text}"
    template = (ROLES / "deploy/templates/sudoers.j2").read_text(encoding="utf-8")
    return environment.from_string(template).render(ansible_managed="Ansible managed")


class SudoersTest(unittest.TestCase):
    def commands(self):
        alias = sudoers().partition("PLATFORM_RELEASE = ")[2].partition("\ndeploy ")[0]
        rules = [rule.strip(" \\\n") for rule in alias.replace(", \\\n", "\n").split("\n")]
        return [rule.partition(" ")[::2] for rule in rules if rule]

    def is_allowed(self, program, arguments):
        """As sudo matches: an expression from ^ to $, or the arguments themselves."""
        return any(
            known == program
            and (bool(re.fullmatch(rule[1:-1], arguments)) if rule.startswith("^") else rule == arguments)
            for known, rule in self.commands()
        )

    def test_releases_are_put_to_use_and_nothing_else_is_done(self):
        self.assertEqual(len(self.commands()), 6)
        for program, arguments in CASES["allowed"]:
            self.assertTrue(self.is_allowed(program, arguments), arguments)
        for program, arguments in CASES["refused"]:
            self.assertFalse(self.is_allowed(program, arguments), arguments)

    def test_no_rule_has_a_wildcard_or_is_open_to_any_argument(self):
        for program, rule in self.commands():
            self.assertTrue(rule == "status" or (rule.startswith("^") and rule.endswith("$")), (program, rule))
            self.assertNotIn("*", rule)

    def test_what_runs_as_root_reads_no_module_and_no_variable_of_its_caller(self):
        for program in ("application/files/platform-release", "drain/files/platform-drain"):
            with open(ROLES / program, encoding="utf-8") as file:
                self.assertEqual(file.readline(), "#!/usr/bin/python3 -IS\n")
        self.assertNotIn("SETENV", sudoers())

    @unittest.skipUnless(shutil.which("visudo"), "sudo is not installed")
    def test_visudo_takes_them(self):
        with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:
            file.write(sudoers())
            file.flush()
            done = subprocess.run(["visudo", "-cf", file.name], capture_output=True, text=True, check=False)
            self.assertEqual(done.returncode, 0, done.stderr)


class LoginTest(unittest.TestCase):
    """What role authorized-keys writes of the values in group_vars, for a machine of an inventory."""

    def files(self, administrators, before=(), **machine):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        here = pathlib.Path(folder.name)
        shutil.copytree(ROLES / "authorized-keys", here / "roles/authorized-keys")
        tasks = here / "roles/authorized-keys/tasks/main.yml"
        text = tasks.read_text(encoding="utf-8").replace("/etc/ssh/candidate", f"{here}/candidate")
        tasks.write_text(re.sub(r" +(owner|group): root\n", "", text), encoding="utf-8")
        for name in ("sshd_config.d", "authorized_keys.d"):
            (here / "candidate" / name).mkdir(parents=True)
        for user in before:
            (here / "candidate/authorized_keys.d" / user).write_text("key old\n", encoding="utf-8")
        given = yaml.safe_load((ROLES.parent / "inventory/group_vars/all.yml").read_text(encoding="utf-8"))
        wanted = ("authorized_keys_", "platform_logins", "platform_principals", "platform_deploys", "deploy_", "ssh_trial_jump_host")
        values = {name: value for name, value in given.items() if name.startswith(wanted)}
        values |= {"platform_administrators": {"user": "admin", "sshKeys": ["key one"], **administrators}, **machine}
        (here / "play.yml").write_text(
            json.dumps([{"hosts": "localhost", "gather_facts": False, "vars": values, "roles": ["authorized-keys"]}])
        )
        run = subprocess.run(
            ["ansible-playbook", "-c", "local", "-i", "localhost,", "-e", "ansible_python_interpreter=python3"]
            + [here / "play.yml"],
            cwd=ROLES.parent,
            env={**os.environ, "ANSIBLE_ROLES_PATH": str(here / "roles")},
            capture_output=True,
            text=True,
            check=False,
        )
        self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
        root = here / "candidate"
        files = [file for file in sorted(root.rglob("*")) if file.is_file()]
        lines = {str(file.relative_to(root)): file.read_text(encoding="utf-8").splitlines() for file in files}
        return {path: [line for line in text if not line.startswith("#")] for path, text in lines.items()}

    def test_without_authorities_keys_alone_count(self):
        files = self.files({}, platform_applications=[{"name": "front"}])
        self.assertEqual(
            files,
            {
                **{f"authorized_keys.d/{user}": ["key one"] for user in ("admin", "deploy", "front")},
                "sshd_config.d/20-authorized-keys.conf": ["AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u"],
            },
        )

    def test_an_authority_counts_for_its_own_user_and_principal_and_for_no_application(self):
        authorities = {"deploy": ["ecdsa one", "ecdsa two"], "administrator": ["ecdsa three"]}
        files = self.files({"authorities": authorities}, platform_applications=[{"name": "front"}])
        self.assertEqual(
            files,
            {
                "authorized_keys.d/admin": ["key one", 'cert-authority,principals="administrator" ecdsa three'],
                "authorized_keys.d/deploy": [
                    "key one",
                    'cert-authority,principals="deploy" ecdsa one',
                    'cert-authority,principals="deploy" ecdsa two',
                ],
                "authorized_keys.d/front": ["key one"],
                "sshd_config.d/20-authorized-keys.conf": ["AuthorizedKeysFile /etc/ssh/authorized_keys.d/%u"],
            },
        )

    def test_users_who_are_no_longer_named_keep_no_key_and_no_authority(self):
        files = self.files({}, before=["admin", "deploy", "gone"])
        self.assertEqual([files[f"authorized_keys.d/{user}"] for user in ("admin", "deploy", "gone")], [["key one"], [], []])

    def test_the_jump_host_lets_deployments_in_and_a_machine_without_applications_does_not(self):
        authorities = {"deploy": ["ecdsa one"]}
        jump_host = self.files({"authorities": authorities}, debian_base_ssh_jump_host=True)
        self.assertEqual(jump_host["authorized_keys.d/admin"], ["key one"])
        self.assertEqual(
            jump_host["authorized_keys.d/deploy"], ["key one", 'cert-authority,principals="deploy" ecdsa one']
        )
        self.assertNotIn("authorized_keys.d/deploy", self.files({"authorities": authorities}))


if __name__ == "__main__":
    unittest.main()
