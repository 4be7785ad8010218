"""Check mode of roles on a machine to which they are new: it tells what they would do, fails nowhere and does nothing.

Units and folders are not there, since a check has not made them. Run on this machine, with a systemd that knows no unit.
"""

import json
import os
import pathlib
import subprocess
import tempfile
import unittest

from programs import ROLES

SYSTEMCTL = """#!/bin/sh
echo "$*" >>{here}/log
case $1 in
  show) printf 'ActiveState=inactive\\nLoadState=not-found\\nInactiveExitTimestamp=\\nConditionTimestamp=\\n'
        printf 'StateChangeTimestamp=\\nNeedDaemonReload=no\\nFragmentPath=\\nDropInPaths=\\n' ;;
  is-enabled) echo not-found; exit 4 ;;
  *) exit 1 ;;
esac
"""

APPLICATION = {"name": "checked", "port": 3000, "repository": "https://git.example/checked.git"}
STORE = {"url": "https://store.example/", "environment": "development"}
JS = {
    "js_applications": [APPLICATION],
    "js_root": "{here}/srv",
    "js_store": STORE,
    "js_client_id": "id",
    "pm2_folder": "{here}/pm2",
    "pm2_unit": {"changed": True},
}
MACHINE_LEARNING = {
    "machine_learning_applications": [APPLICATION],
    "machine_learning_root": "{here}/srv",
    "machine_learning_store": STORE,
    "machine_learning_client_id": "id",
}
VAULT = {"secrets_vault_uri": "https://v.example/", "secrets_client_id": "id", "secrets_names": ["a"], "secrets_units": ["b"]}
CERTIFICATES = {
    "certificates_hosts": [{"host": "www.example.org", "secret": "a", "source": "acme", "challenge": "http-01"}],
    "certificates_acme": {"directory": "https://acme.example/"},
    "certificates_vault_uri": "https://v.example/",
    "certificates_store_url": "https://store.example/",
    "certificates_client_id": "id",
}

# Role, tasks, and values; {here} is an empty folder.
ROLES_NEW = [
    ("drain", "main", {"drain_units": ["served.service"]}),
    ("health", "main", {"health_wait": 2, "health_services": ["served.service"]}),
    ("haproxy", "main", {"haproxy_name": "dev", "haproxy_port": 80}),
    ("secrets", "main", VAULT),
    ("certificates", "main", CERTIFICATES),
    ("ssh-trial", "install", {}),
    ("debian-base", "metadata", {}),
    ("nginx-reverse-proxy", "main", {}),
    ("nodejs", "main", {"nodejs_prefix": "{here}/nodejs"}),
    ("pm2", "main", {"pm2_folder": "{here}/pm2"}),
    ("js", "main", JS),
    ("machine-learning", "main", MACHINE_LEARNING),
]


class CheckModeTest(unittest.TestCase):
    def check(self, role, tasks, values):
        with tempfile.TemporaryDirectory() as folder:
            here = pathlib.Path(folder)
            systemctl = here / "systemctl"
            systemctl.write_text(SYSTEMCTL.replace("{here}", folder))
            systemctl.chmod(0o755)
            imported = {"name": role, "tasks_from": tasks, "rolespec_validate": False}
            values = json.loads(json.dumps(values).replace("{here}", folder))
            play = {
                "name": "Play",
                "hosts": "localhost",
                "connection": "local",
                "gather_facts": False,
                "vars": {"ansible_python_interpreter": "python3", **values},
                "tasks": [{"name": "Do", "ansible.builtin.import_role": imported}],
            }
            (here / "play.yml").write_text(json.dumps([play]))
            environment = {**os.environ, "PATH": f"{folder}:{os.environ['PATH']}", "ANSIBLE_ROLES_PATH": str(ROLES)}
            command = ["ansible-playbook", "--check", "--diff", "-i", "localhost,", here / "play.yml"]
            run = subprocess.run(command, cwd=ROLES.parent, env=environment, capture_output=True, text=True)
            log = here / "log"
            asked = log.read_text().splitlines() if log.exists() else []
            return run, asked, sorted(path.name for path in here.iterdir())

    def test_a_role_that_is_new_to_a_machine_is_told_and_fails_nowhere(self):
        for role, tasks, values in ROLES_NEW:
            with self.subTest(role):
                run, asked, files = self.check(role, tasks, values)
                self.assertEqual(run.returncode, 0, run.stdout + run.stderr)
                self.assertRegex(run.stdout, r"changed=[1-9]")
                for words in asked:
                    self.assertRegex(words, r"^(show|is-enabled|list-unit-files)\b")
                self.assertLessEqual(set(files), {"log", "play.yml", "systemctl"})


if __name__ == "__main__":
    unittest.main()
