"""The role ssh-trial: a mistake in settings or keys of SSH ends with the first machine, which has its old ones back.

Folders stand for machines: the program runs as it is, but for its paths; sshd, systemctl and ssh are scripts."""

import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

import jinja2
import yaml

from programs import ROLES

GROUP_VARS = ROLES.parent / "inventory/group_vars/all.yml"
PROGRAM = ROLES / "ssh-trial/files/platform-ssh-trial"
INSTALLED = "/usr/local/sbin/platform-ssh-trial"

# As `sshd -T -f FILE`: refuses a keyword that it does not know, in any file that is included.
SSHD = """#!/bin/sh
folder=$(sed -n 's/^Include \\(.*\\)\\*.conf$/\\1/p' "$3")
if found=$(grep -n Bogus "$folder"*.conf); then
  echo "$found: Bad configuration option: Bogus" >&2
  exit 255
fi
"""
SYSTEMCTL = '#!/bin/sh\necho "$@" >>{machine}/systemctl.log\n'
# As ssh to the machine whose address is the name of its folder: who is not in the keys does not get in.
SSH = """#!/bin/sh
echo "$@" >>{here}/ssh.log
for word; do case $word in *@m*) machine={here}/${{word#*@}} ;; esac; done
grep -qs good "$machine/ssh/authorized_keys.d/admin" || {{ echo "Permission denied (publickey)" >&2; exit 255; }}
"""
PLAY = """
- name: Trial
  hosts: all
  gather_facts: false
  serial: [1, "25%", "100%"]
  max_fail_percentage: 0
  roles: [ssh-trial]
"""


class TrialTest(unittest.TestCase):
    machines = ["m1", "m2", "m3", "m4"]

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.here = pathlib.Path(folder.name)
        for machine in self.machines:
            self.make(self.here / machine)
        shutil.copytree(ROLES / "ssh-trial", self.here / "roles/ssh-trial")
        tasks = self.here / "roles/ssh-trial/tasks/main.yml"
        tasks.write_text(tasks.read_text().replace(INSTALLED, '"{{ here }}/{{ inventory_hostname }}/trial"'))
        (self.here / "play.yml").write_text(PLAY)
        self.script("bin/ssh", SSH.format(here=self.here))

    def script(self, path, text):
        file = self.here / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)
        file.chmod(0o755)

    def make(self, machine):
        for folder in ("ssh/sshd_config.d", "ssh/authorized_keys.d", "ssh/candidate/sshd_config.d"):
            (machine / folder).mkdir(parents=True)
        (machine / "ssh/candidate/authorized_keys.d").mkdir()
        (machine / "ssh/sshd_config").write_text(f"Include {machine}/ssh/sshd_config.d/*.conf\n")
        (machine / "ssh/sshd_config.d/50-cloud-init.conf").write_text("PasswordAuthentication no\n")
        (machine / "ssh/authorized_keys.d/admin").write_text("good old\n")
        text = PROGRAM.read_text().replace("/etc/ssh", f"{machine}/ssh").replace("/var/lib/platform", str(machine))
        text = text.replace("/usr/sbin/sshd", f"{machine}/sshd").replace('"systemctl"', f'"{machine}/systemctl"')
        self.script(f"{machine.name}/trial", text)
        self.script(f"{machine.name}/sshd", SSHD)
        self.script(f"{machine.name}/systemctl", SYSTEMCTL.format(machine=machine))

    def candidates(self, files):
        for machine in self.machines:
            for path, text in files.items():
                (self.here / machine / "ssh/candidate" / path).write_text(text)

    def live(self, machine):
        root = self.here / machine / "ssh"
        names = [*root.glob("sshd_config.d/*"), *root.glob("authorized_keys.d/*")]
        return {str(file.relative_to(root)): file.read_text() for file in names}

    def trial(self, command, machine="m1"):
        return subprocess.run([self.here / machine / "trial", command], capture_output=True, text=True, check=False)

    def log(self, path):
        file = self.here / path
        return file.read_text() if file.exists() else ""

    def play(self, strategy="mitogen_linear", of_machines=None, **values):
        hosts = {machine: {"ansible_host": machine, "ansible_user": "u"} for machine in self.machines}
        given = yaml.safe_load(GROUP_VARS.read_text(encoding="utf-8"))
        named = {name: given[name] for name in ("first_boot_wait", "ssh_trial_connect")}
        (self.here / "inventory.yml").write_text(json.dumps({"all": {"hosts": hosts, "vars": {**named, **(of_machines or {})}}}))
        variables = {"here": str(self.here), "ansible_ssh_common_args": '-F "{{ inventory_dir }}/config"', **values}
        run = subprocess.run(
            # No variable says how machines are reached, as in an inventory that the program writes.
            ["ansible-playbook", "-c", "local", "-i", self.here / "inventory.yml"]
            + ["-e", "ansible_python_interpreter=python3"]
            + ["-e", json.dumps(variables), self.here / "play.yml"],
            cwd=ROLES.parent,
            env={
                **os.environ,
                "PATH": f"{self.here}/bin:{os.environ['PATH']}",
                "ANSIBLE_STRATEGY": strategy,
                "ANSIBLE_ROLES_PATH": str(self.here / "roles"),
            },
            capture_output=True,
            text=True,
            check=False,
        )
        recap = run.stdout.partition("PLAY RECAP")[2].splitlines()
        return run, [line.split()[0] for line in recap if "failed=1" in line]


class SettingsTest(unittest.TestCase):
    def settings(self, jump_host, callers=()):
        environment = jinja2.Environment(trim_blocks=True, keep_trailing_newline=True)
        environment.filters["comment"] = lambda text: f"# {text}"
        template = (ROLES / "debian-base/templates/sshd.conf.j2").read_text(encoding="utf-8")
        values = {
            "debian_base_ssh_jump_host": jump_host,
            "debian_base_ssh_jump_callers": callers,
            "debian_base_ssh_max_auth_tries": 6,
        }
        return environment.from_string(template).render(ansible_managed="Ansible managed", **values).splitlines()

    def test_failures_of_one_caller_close_the_jump_host_for_that_one_and_no_machine_behind_it(self):
        self.assertIn("PerSourcePenalties no", self.settings(False))
        self.assertNotIn("PerSourcePenalt", " ".join(self.settings(True)))

    def test_failures_that_come_through_another_jump_host_close_this_one_to_nobody(self):
        settings = self.settings(True, ["10.10.0.0/24", "10.20.0.0/24"])
        self.assertIn("PerSourcePenaltyExemptList 10.10.0.0/24,10.20.0.0/24", settings)
        self.assertNotIn("PerSourcePenalties no", settings)


class ProgramTest(TrialTest):
    def test_without_a_difference_nothing_is_done_and_nothing_said(self):
        self.candidates({"authorized_keys.d/admin": "good old\n"})
        tried = self.trial("try")
        self.assertEqual((tried.returncode, tried.stdout, tried.stderr), (0, "", ""))
        self.assertEqual(self.log("m1/systemctl.log"), "")

    def test_what_is_on_trial_goes_back_unless_it_is_kept(self):
        before = self.live("m1")
        new = {"sshd_config.d/10-platform.conf": "PermitRootLogin no\n", "authorized_keys.d/admin": "good new\n"}
        self.candidates(new)
        self.assertEqual(self.trial("try").stdout.split(), sorted(new, reverse=True))
        self.assertEqual(self.live("m1"), {**before, **new})
        self.assertEqual(self.log("m1/systemctl.log").split("\n")[0], "restart platform-ssh-back.timer")
        self.assertEqual(self.trial("back").returncode, 0)
        self.assertEqual(self.live("m1"), before)
        self.trial("try")
        self.assertEqual(self.trial("keep").returncode, 0)
        self.trial("back")
        self.assertEqual(self.live("m1"), {**before, **new})
        self.assertEqual(self.trial("try").stdout, "")

    def test_what_the_machine_has_put_back_already_cannot_be_kept(self):
        before = self.live("m1")
        self.candidates({"authorized_keys.d/admin": "good new\n"})
        self.trial("try")
        self.trial("back")
        kept = self.trial("keep")
        self.assertEqual((kept.returncode, self.live("m1")), (1, before))
        self.assertIn("put back already", kept.stderr)

    def test_a_trial_that_was_interrupted_is_begun_anew_from_what_was_there_before_it(self):
        before = self.live("m1")
        self.candidates({"authorized_keys.d/admin": "bad\n"})
        self.trial("try")
        self.candidates({"authorized_keys.d/admin": "worse\n"})
        self.trial("try")
        self.trial("back")
        self.assertEqual(self.live("m1"), before)

    def test_settings_that_sshd_refuses_together_with_all_others_change_nothing(self):
        before = self.live("m1")
        self.candidates({"sshd_config.d/10-platform.conf": "Bogus yes\n", "authorized_keys.d/admin": "good new\n"})
        tried = self.trial("try")
        self.assertEqual(tried.returncode, 1)
        self.assertIn(f"{self.here}/m1/ssh/sshd_config.d/10-platform.conf:1:Bogus yes", tried.stderr)
        self.assertEqual((self.live("m1"), self.log("m1/systemctl.log")), (before, ""))

    def test_settings_that_sshd_would_not_read_are_refused(self):
        (self.here / "m1/ssh/sshd_config").write_text("Port 22\n")
        self.candidates({"sshd_config.d/10-platform.conf": "PermitRootLogin no\n"})
        self.assertIn("does not include", self.trial("try").stderr)

    def test_a_reload_that_fails_puts_the_old_files_back(self):
        before = self.live("m1")
        self.script("m1/systemctl", "#!/bin/sh\ntest $1 != reload\n")
        self.candidates({"authorized_keys.d/admin": "good new\n"})
        self.assertEqual(self.trial("try").returncode, 1)
        self.assertEqual(self.live("m1"), before)


class RunTest(TrialTest):
    def test_what_is_put_back_before_it_is_kept_fails(self):
        before = self.live("m1")
        self.candidates({"authorized_keys.d/admin": "good new\n"})
        self.machines = ["m1"]
        # The two minutes are over while the connection is made.
        self.script("bin/ssh", f"#!/bin/sh\nexec {self.here}/m1/trial back\n")
        run, failed = self.play()
        self.assertEqual((run.returncode, failed, self.live("m1")), (2, ["m1"], before), run.stdout)
        self.assertIn("What was said: put back already", " ".join((run.stdout + run.stderr).split()))

    def test_what_lets_users_in_reaches_all_machines_and_a_second_run_does_nothing(self):
        for strategy in ("mitogen_linear", "linear"):
            with self.subTest(strategy):
                self.candidates({"authorized_keys.d/admin": f"good {strategy}\n"})
                run, failed = self.play(strategy)
                self.assertEqual((run.returncode, failed), (0, []), run.stdout)
                for machine in self.machines:
                    self.assertEqual(self.live(machine)["authorized_keys.d/admin"], f"good {strategy}\n")
                    self.trial("back", machine)
                    self.assertEqual(self.live(machine)["authorized_keys.d/admin"], f"good {strategy}\n")
                again, _ = self.play(strategy)
                self.assertEqual(again.stdout.count("changed=0"), len(self.machines), again.stdout)
        calls = self.log("ssh.log").splitlines()
        self.assertEqual(len(calls), 2 * len(self.machines))
        for call in calls:
            self.assertIn(f"-F {self.here}/config -o BatchMode=yes -o ControlMaster=no -o ControlPath=none", call)

    def test_settings_that_sshd_refuses_are_refused_on_the_first_machine(self):
        before = {machine: self.live(machine) for machine in self.machines}
        self.candidates({"sshd_config.d/10-platform.conf": "Bogus yes\n"})
        run, failed = self.play()
        self.assertEqual((run.returncode, failed), (2, ["m1"]), run.stdout)
        self.assertIn("Bad configuration option: Bogus", run.stderr)
        self.assertEqual({machine: self.live(machine) for machine in self.machines}, before)
        self.assertEqual(self.log("ssh.log"), "")

    def test_keys_that_let_nobody_in_end_with_the_first_machine_which_has_its_old_ones_back(self):
        before = {machine: self.live(machine) for machine in self.machines}
        self.candidates({"authorized_keys.d/admin": "bad\n"})
        run, failed = self.play()
        self.assertEqual((run.returncode, failed), (2, ["m1"]), run.stdout)
        self.assertIn("authorized_keys.d/admin nobody could log in", " ".join(run.stderr.split()))
        self.assertIn("Permission denied (publickey)", run.stderr)
        self.assertEqual({machine: self.live(machine) for machine in self.machines}, before)
        self.assertEqual(self.log("m2/systemctl.log"), "")

    def test_a_jump_host_is_tried_through_itself(self):
        self.machines = ["m1"]
        self.candidates({"authorized_keys.d/admin": "good new\n"})
        run, failed = self.play(ssh_trial_jump_host=True)
        self.assertEqual((run.returncode, failed), (0, []), run.stdout)
        self.assertIn(f'ProxyCommand=ssh -F "{self.here}/config" -o BatchMode=yes', self.log("ssh.log"))
        self.assertIn("-W %h:%p -p 22 u@m1 -p 22 u@m1 true", self.log("ssh.log"))

    def test_a_machine_that_configures_itself_keeps_them_without_a_connection(self):
        self.machines = ["m1"]
        self.candidates({"authorized_keys.d/admin": "bad\n"})
        run, _ = self.play(of_machines={"ansible_connection": "local"})
        self.assertEqual((run.returncode, self.log("ssh.log")), (0, ""), run.stdout)
        self.trial("back")
        self.assertEqual(self.live("m1")["authorized_keys.d/admin"], "bad\n")


if __name__ == "__main__":
    unittest.main()
