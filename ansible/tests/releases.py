"""What tests of the program that has releases share: an application on a machine, and releases that are there."""

import json
import os
import pwd
import signal
import textwrap

from programs import program
from services import MachineTest

release = program("application/files/platform-release")
FIRST, SECOND, BAD = "20261101000000", "20261102000000-aaaaaaaaaaaa", "20261103000000-bbbbbbbbbbbb"
COMMIT = "a" * 40


class ReleaseTest(MachineTest):
    program = release

    def setUp(self):
        super().setUp()
        self.root = self.folder / "srv/front"
        for name in ("srv/front", "releases.d", "bin", "cgroup/unit"):
            (self.folder / name).mkdir(parents=True)
        for name, path in (("STORE", "store.json"), ("APPLICATIONS", "releases.d"), ("STATE", "state"), ("CGROUPS", "cgroup")):
            self.patch(name, str(self.folder / path))
        self.patch("LOCK", str(self.folder / "{}.lock"))
        self.patch("PATH", f"{self.folder}/bin:{os.environ['PATH']}")
        self.settings = {
            "name": "front",
            "root": str(self.root),
            "user": pwd.getpwuid(os.geteuid()).pw_name,
            "port": 1,
            "unit": "front.service",
            "reader": "node",
            "activate": ["systemctl", "restart", "front.service"],
            "activate_seconds": 2,
            "gate": {"path": "/health", "also": [], "seconds": 1, "slow_milliseconds": 200},
        }
        self.tell(self.settings)
        self.systemctl("exit 0")

    def tell(self, settings):
        (self.folder / "releases.d/front.json").write_text(json.dumps(settings))

    def systemctl(self, text, shebang="#!/bin/sh"):
        path = self.folder / "bin/systemctl"
        path.write_text(f"{shebang}\n{text}\n")
        path.chmod(0o755)

    def releases(self):
        folder = self.root / "releases"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []

    def make(self, name, **files):
        folder = self.root / "releases" / name
        folder.mkdir(parents=True)
        for path, text in {"REVISION": f"{COMMIT}\n", **files}.items():
            (folder / path).parent.mkdir(exist_ok=True)
            (folder / path).write_text(textwrap.dedent(text))
        return folder

    def killed(self, target, step, when, *arguments):
        """Whether the program came to that step; it is killed there."""
        pid = os.fork()
        if pid == 0:
            original = getattr(target, step)

            def last(*given, **more):
                if when == "after":
                    original(*given, **more)
                os.kill(os.getpid(), signal.SIGKILL)

            setattr(target, step, last)
            self.run_program(*arguments)
            os._exit(0)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL

    def current(self):
        path = self.root / "current"
        return os.readlink(path) if path.is_symlink() else None
