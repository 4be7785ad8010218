"""The program that has releases, against a small metadata service, a small blob service with TLS, and services that are
real processes under a stand-in for systemd."""

import contextlib
import glob
import hashlib
import io
import json
import os
import pwd
import resource
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tarfile
import tempfile
import textwrap
import threading
import time
import unittest
import zipfile
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection
from unittest import mock
from urllib.parse import unquote, urlsplit

import jinja2
import yaml

from programs import ROLES, program
from services import MachineTest, Service

release = program("application/files/platform-release")
HOST = "stdev.blob.core.test"
FIRST, SECOND, BAD = "20261101000000", "20261102000000-aaaaaaaaaaaa", "20261103000000-bbbbbbbbbbbb"
COMMIT = "a" * 40
# What is told of an application that does not run, and whose release nobody tries.
STOPPED = {"trying": False, "running": []}


class Blobs(Service):
    """Answers as Azure's, see https://learn.microsoft.com/rest/api/storageservices/get-blob"""

    def do_GET(self):
        server, path = self.server, unquote(urlsplit(self.path).path).removeprefix("/artifacts/")
        server.asked.append(path)
        if self.headers.get("Authorization") != "Bearer token for https://storage.azure.com/" or not self.headers.get("x-ms-version"):
            self.reply(401, b"", {"x-ms-error-code": "NoAuthenticationInformation"})
        elif server.statuses:
            status, code = server.statuses.pop(0)
            self.reply(status, b"", {"x-ms-error-code": code})
        elif path not in server.blobs:
            self.reply(404, b"", {"x-ms-error-code": "BlobNotFound"})
        else:
            content, headers = server.blobs[path]
            # A connection that breaks in the middle has told how much should have come.
            length = server.lengths.pop(0) if server.lengths and path.startswith("applications/") else len(content)
            self.reply(200, content[:length], {**headers, "Content-Length": len(content)})


def member(name, content="", mode=0o644, **more):
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    for key, value in more.items():
        setattr(entry, key, value)
    return entry, content.encode()


def archive(*members):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for entry, content in members:
            tar.addfile(entry, io.BytesIO(content))
    return buffer.getvalue()


def wheel():
    """A package with a command, as pip installs it."""
    files = {
        "hello.py": "def main():\n    print('hello')\n",
        "hello-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n",
        "hello-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        "hello-1.0.dist-info/entry_points.txt": "[console_scripts]\nhello = hello:main\n",
        "hello-1.0.dist-info/RECORD": "",
    }
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return buffer.getvalue()


ARTIFACT = archive(
    member("./REVISION", f"{COMMIT}\n"),
    member("./server.js", "serve()\n"),
    member("./bin/start", "#!/bin/sh\n", 0o755),
    member("./node_modules/.bin/x", type=tarfile.SYMTYPE, linkname="../x/x.js"),
)


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


class StoreTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.stop_the_clock()
        self.store = self.serve_as(HOST, Blobs)
        self.store.blobs, self.store.lengths = {}, []
        url = f"https://{HOST}:{self.store.server_port}"
        (self.folder / "store.json").write_text(json.dumps({"url": url, "environment": "development", "client_id": "client-1"}))

    def publish(self, name, content=ARTIFACT, **headers):
        sha256 = hashlib.sha256(content).hexdigest()
        headers = {"x-ms-meta-sha256": sha256, "x-ms-meta-revision": COMMIT, **headers}
        self.store.blobs[f"applications/front/{name}.tar.gz"] = (content, headers)
        return sha256

    def deploy(self, name, sha256):
        pointer = {"application": "front", "release": name, "artifact": f"applications/front/{name}.tar.gz", "sha256": sha256}
        self.store.blobs["deployed/development/front"] = (json.dumps(pointer).encode(), {})

    # fetch

    def test_a_release_is_unpacked_as_it_was_packed_and_is_used_by_nobody_yet(self):
        self.publish(SECOND)
        self.assertEqual(self.run_program("fetch", "front", SECOND), (0, f"front {SECOND}\n", ""))
        folder = self.root / "releases" / SECOND
        self.assertEqual((folder / "REVISION").read_text(), f"{COMMIT}\n")
        self.assertTrue(stat.S_IMODE((folder / "bin/start").stat().st_mode) & 0o100)
        self.assertEqual(os.readlink(folder / "node_modules/.bin/x"), "../x/x.js")
        self.assertIsNone(self.current())
        self.assertEqual(self.metadata.asked[0]["client_id"], "client-1")

    def test_a_release_that_is_there_is_not_fetched_again(self):
        self.make(SECOND)
        self.assertEqual(self.run_program("fetch", "front", SECOND), (0, "", ""))
        self.assertEqual(self.store.asked, [])

    def test_another_content_than_was_published_or_asked_for_leaves_nothing(self):
        self.publish(SECOND, **{"x-ms-meta-sha256": "0" * 64})
        status, _, said = self.run_program("fetch", "front", SECOND)
        self.assertEqual((status, self.releases()), (1, []))
        self.assertIn(f"has SHA-256 {hashlib.sha256(ARTIFACT).hexdigest()}, not {'0' * 64}", said)
        self.publish(SECOND)
        self.assertIn(f", not {'1' * 64}\n", self.run_program("fetch", "front", SECOND, "--sha256", "1" * 64)[2])
        # The one that is asked for, and another note: which of them is wrong is told.
        sha256 = self.publish(SECOND, **{"x-ms-meta-sha256": "2" * 64})
        self.assertIn(f"has SHA-256 {sha256}, not {'2' * 64}\n", self.run_program("fetch", "front", SECOND, "--sha256", sha256)[2])
        self.assertEqual(self.releases(), [])

    def test_what_was_published_by_nobody_who_notes_a_hash_is_refused(self):
        self.publish(SECOND)
        self.store.blobs[f"applications/front/{SECOND}.tar.gz"][1].clear()
        status, _, said = self.run_program("fetch", "front", SECOND)
        self.assertEqual((status, self.releases()), (1, []))
        self.assertIn("no sha256 noted", said)

    def test_an_archive_that_leaves_its_folder_leaves_nothing_behind(self):
        for name, more in (
            ("/etc/x", {}),
            ("../x", {}),
            ("a/../../x", {}),
            ("link", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}),
            ("link", {"type": tarfile.SYMTYPE, "linkname": "../../other"}),
            ("hard", {"type": tarfile.LNKTYPE, "linkname": "../../../x"}),
            ("device", {"type": tarfile.CHRTYPE}),
        ):
            with self.subTest(name=name, **more):
                self.publish(SECOND, archive(member("./REVISION", "x\n"), member(name, **more)))
                status, _, said = self.run_program("fetch", "front", SECOND)
                self.assertEqual((status, self.releases()), (1, []))
                self.assertIn(f"{SECOND} cannot be unpacked: ", said)
                self.assertFalse((self.root / "x").exists())

    def test_an_archive_that_ends_in_the_middle_leaves_nothing(self):
        self.publish(SECOND, ARTIFACT[: len(ARTIFACT) // 2])
        self.assertEqual(self.run_program("fetch", "front", SECOND)[0], 1)
        self.assertEqual(self.releases(), [])

    @unittest.skipUnless(glob.glob("/usr/share/python-wheels/pip-*.whl"), "python3-pip-whl is not installed")
    def test_an_application_in_python_gets_its_environment_of_the_wheels_without_a_network(self):
        packed = tarfile.TarInfo("./wheels/hello-1.0-py3-none-any.whl"), wheel()
        packed[0].size = len(packed[1])
        self.publish(FIRST, archive(member("./requirements.txt", "# nothing\n")))
        self.publish(SECOND, archive(member("./requirements.txt", "hello==1.0\n"), packed))
        for name in (FIRST, SECOND):
            self.assertEqual(self.run_program("fetch", "front", name), (0, f"front {name}\n", ""))
            folder = self.root / "releases" / name
            self.assertTrue((folder / ".venv/bin/python").exists())
            self.assertFalse((folder / "wheels").exists())
        said = subprocess.run([folder / ".venv/bin/hello"], capture_output=True, text=True, check=True).stdout
        self.assertEqual(said, "hello\n")
        self.publish(BAD, archive(member("./requirements.txt", "absent==1.0\n"), packed))
        status, _, said = self.run_program("fetch", "front", BAD)
        self.assertEqual((status, self.releases()), (1, [FIRST, SECOND]))
        self.assertIn(f"{BAD} cannot be unpacked: ", said)
        self.assertIn("No matching distribution found for absent==1.0", said)

    def test_an_archive_gives_no_right_to_anybody(self):
        strange = {"uid": 1, "gid": 1, "uname": "daemon", "gname": "daemon"}
        self.publish(SECOND, archive(member("./run", "x", 0o6777, **strange)))
        self.assertEqual(self.run_program("fetch", "front", SECOND)[0], 0)
        status = (self.root / "releases" / SECOND / "run").stat()
        self.assertEqual(stat.S_IMODE(status.st_mode) & 0o7022, 0)
        self.assertEqual((status.st_uid, status.st_gid), (os.geteuid(), os.getegid()))

    def test_a_download_that_breaks_off_is_begun_anew(self):
        self.publish(SECOND)
        self.store.lengths = [len(ARTIFACT) // 2]
        status, out, said = self.run_program("fetch", "front", SECOND)
        self.assertEqual((status, out), (0, f"front {SECOND}\n"))
        self.assertIn(f"{HOST} does not answer: IncompleteRead", said)

    def test_a_disk_that_is_full_is_no_fault_of_the_store_and_leaves_nothing(self):
        self.publish(SECOND, archive(member("./large", "x" * 100_000)))
        limits = resource.getrlimit(resource.RLIMIT_FSIZE)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_FSIZE, limits)
        for most, why in ((100, f"does not fit into {release.DOWNLOADS}"), (50_000, "File too large")):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
            status, _, said = self.run_program("fetch", "front", SECOND)
            self.assertEqual((status, self.releases(), self.clock.now), (1, [], 0))
            self.assertIn(why, said)

    def test_a_fetch_that_was_killed_at_any_step_leaves_nothing_for_whole_and_no_rest(self):
        self.publish(SECOND)
        for target, step in ((release.Store, "artifact"), (release.Application, "as_user"), (release, "locked")):
            for when in ("before", "after"):
                with self.subTest(step=step, when=when):
                    self.assertTrue(self.killed(target, step, when, "fetch", "front", SECOND))
                    self.assertEqual(self.run_program("fetch", "front", SECOND)[0], 0)
                    self.assertEqual(self.releases(), [SECOND])
                    shutil.rmtree(self.root / "releases")

    def test_an_unpacking_whose_program_was_killed_is_waited_for(self):
        self.publish(SECOND)
        python = self.folder / "bin/python"
        waits = f"touch {self.folder}/began; while [ ! -e {self.folder}/go ]; do sleep 0.02; done"
        python.write_text(f'#!/bin/sh\n{waits}\nexec {sys.executable} "$@"\n')
        python.chmod(0o755)
        self.patch("executable", str(python), sys)

        def kill():
            while not (self.folder / "began").exists():
                time.sleep(0.01)
            os.kill(os.getpid(), signal.SIGKILL)

        pid = os.fork()
        if pid == 0:
            threading.Thread(target=kill).start()
            self.run_program("fetch", "front", SECOND)
            os._exit(0)
        self.assertEqual(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), -signal.SIGKILL)
        threading.Timer(0.5, (self.folder / "go").touch).start()
        # It comes from the process that was left over.
        self.assertEqual(self.run_program("fetch", "front", SECOND), (0, "", ""))
        self.assertEqual((self.root / "releases" / SECOND / "server.js").read_text(), "serve()\n")

    def test_the_rest_of_a_fetch_of_another_release_goes(self):
        self.make(f".{BAD}.half")
        self.publish(SECOND)
        self.run_program("fetch", "front", SECOND)
        self.assertEqual(self.releases(), [SECOND])
        self.make(f".{BAD}.half")
        self.run_program("prune", "front")
        self.assertEqual(self.releases(), [SECOND])

    def test_a_release_is_on_the_disk_before_it_has_its_name(self):
        self.publish(SECOND)
        sync = self.folder / "bin/sync"
        sync.write_text(f'#!/bin/sh\necho "$@" >{self.folder}/synced; ls -A {self.root}/releases >>{self.folder}/synced\n')
        sync.chmod(0o755)
        self.run_program("fetch", "front", SECOND)
        half = f".{SECOND}.half"
        self.assertEqual((self.folder / "synced").read_text().splitlines(), [f"--file-system {self.root}/releases/{half}", half])

    def test_a_name_that_is_none_is_refused(self):
        for name in ("../x", ".x", "a/b", ""):
            self.assertEqual(self.run_program("fetch", "front", name)[0], 1, name)
        self.assertEqual(self.store.asked, [])
        self.assertIn("allowed on this machine: front", self.run_program("fetch", "back", SECOND)[2])

    def test_a_right_that_is_new_is_waited_for_and_an_old_refusal_is_not(self):
        self.publish(SECOND)
        self.store.statuses = [(403, "AuthorizationPermissionMismatch")] * 5
        status, out, said = self.run_program("fetch", "front", SECOND)
        self.assertEqual((status, out), (0, f"front {SECOND}\n"))
        self.assertIn("answers 403 AuthorizationPermissionMismatch", said)
        self.assertIn("to identity client-1", said)
        os.utime(self.folder / "store.json", (0, 0))
        self.store.statuses = [(403, "AuthorizationPermissionMismatch")]
        self.assertEqual(self.run_program("fetch", "front", FIRST)[0], 1)

    def test_a_clock_that_is_set_back_makes_no_refusal_last(self):
        ahead = time.time() + 86_400
        os.utime(self.folder / "store.json", (ahead, ahead))
        self.store.statuses = [(403, "AuthorizationPermissionMismatch")] * 1000
        self.clock.time = lambda: time.time() + self.clock.now
        self.assertEqual(self.run_program("fetch", "front", FIRST)[0], 1)
        self.assertLess(self.clock.now, 1300)

    def test_a_busy_store_is_asked_again(self):
        self.publish(SECOND)
        self.store.statuses = [(503, "ServerBusy"), (500, "InternalError")]
        self.assertEqual(self.run_program("fetch", "front", SECOND), (0, f"front {SECOND}\n", ""))
        self.store.statuses = [(503, "ServerBusy")] * 6
        self.assertEqual(self.run_program("fetch", "front", FIRST)[0], 1)
        # What is not there now will not be there in a moment.
        self.assertLess(self.clock.now, 60)

    def test_a_store_that_does_not_answer_ends_a_fetch_with_the_reason(self):
        self.store.end()
        status, _, said = self.run_program("fetch", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"{HOST} does not answer", said)
        self.assertGreater(self.clock.now, 29)

    def test_a_token_that_is_no_longer_valid_is_replaced_once(self):
        self.publish(SECOND)
        # The first question has the store away for longer than it is asked again at once.
        self.store.statuses = [(503, "ServerBusy")] * 4 + [(401, "InvalidAuthenticationInfo")]
        self.assertEqual(self.run_program("fetch", "front", SECOND)[:2], (0, f"front {SECOND}\n"))
        self.assertEqual(len(self.metadata.asked), 2)
        self.store.statuses = [(401, "InvalidAuthenticationInfo")] * 2
        status, _, said = self.run_program("fetch", "front", FIRST)
        self.assertEqual((status, len(self.metadata.asked), len(self.store.statuses)), (1, 3, 1))
        self.assertIn("answers 401 InvalidAuthenticationInfo", said)

    # first

    def test_the_first_release_is_the_one_that_is_deployed(self):
        self.deploy(SECOND, self.publish(SECOND))
        self.publish(BAD)
        self.assertEqual(self.run_program("first", "front"), (0, f"front {SECOND}\n", ""))
        self.assertEqual(self.current(), f"releases/{SECOND}")
        self.assertEqual(json.loads(self.run_program("current", "front")[1]), {"release": SECOND, "revision": COMMIT, **STOPPED})

    def test_where_nothing_is_deployed_nothing_is_printed_and_nothing_done(self):
        self.assertEqual(self.run_program("first", "front"), (0, "", ""))
        self.assertEqual((self.current(), self.releases()), (None, []))

    def test_where_there_is_no_store_nothing_is_asked(self):
        (self.folder / "store.json").write_text("{}")
        self.assertEqual(self.run_program("first", "front"), (0, "", ""))
        self.assertEqual(self.metadata.asked, [])

    def test_without_another_way_a_deployment_is_waited_for(self):
        self.clock.events[2] = lambda: self.deploy(SECOND, self.publish(SECOND))
        status, out, said = self.run_program("first", "front", "--wait", "900", "--needed")
        self.assertEqual((status, out), (0, f"front {SECOND}\n"))
        line = "front waits for its release: nothing is deployed yet, and the stack file names no repository\n"
        self.assertEqual(said, line)
        self.assertEqual(os.read(self.console, 4096).decode(), f"platform-release: {line}")

    def test_a_store_that_does_not_answer_is_waited_for_and_is_an_error_in_the_end(self):
        self.store.statuses = [(503, "ServerBusy")] * 8
        self.deploy(SECOND, self.publish(SECOND))
        status, out, said = self.run_program("first", "front", "--wait", "900")
        self.assertEqual((status, out), (0, f"front {SECOND}\n"))
        self.assertEqual(said.count("answers 503 ServerBusy"), 1)
        (self.root / "current").unlink()
        self.store.end()
        status, out, said = self.run_program("first", "front", "--wait", "900")
        self.assertEqual((status, out, self.current()), (1, "", None))
        self.assertGreater(self.clock.now, 900)

    def test_a_container_that_is_missing_is_no_store_in_which_nothing_is_deployed(self):
        self.store.statuses = [(404, "ContainerNotFound")] * 50
        status, out, _ = self.run_program("first", "front", "--wait", "5")
        self.assertEqual((status, out), (1, ""))

    def test_a_deployed_release_that_is_no_longer_there_is_waited_for_and_no_other_is_taken(self):
        self.publish(FIRST)
        self.deploy(SECOND, self.publish(SECOND))
        gone = self.store.blobs.pop(f"applications/front/{SECOND}.tar.gz")
        status, _, said = self.run_program("first", "front", "--wait", "60")
        self.assertEqual((status, self.current(), self.releases()), (1, None, []))
        self.assertIn(f"there is no applications/front/{SECOND}.tar.gz in {HOST}", said)
        restore = lambda: self.store.blobs.update({f"applications/front/{SECOND}.tar.gz": gone})
        self.clock.events[self.clock.waits + 2] = restore
        self.assertEqual(self.run_program("first", "front", "--wait", "60")[:2], (0, f"front {SECOND}\n"))

    def test_what_current_points_to_is_never_changed(self):
        self.make(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.deploy(SECOND, self.publish(SECOND))
        self.assertEqual(self.run_program("first", "front"), (0, "", ""))
        self.assertEqual((self.current(), self.store.asked), (f"releases/{FIRST}", []))

    # settle

    def test_what_is_deployed_while_a_machine_is_made_is_taken_before_it_serves(self):
        self.deploy(FIRST, self.publish(FIRST))
        self.run_program("first", "front")
        self.deploy(SECOND, self.publish(SECOND))
        with mock.patch.object(release.Application, "activate") as activate:
            self.assertEqual(self.run_program("settle", "front"), (0, f"front {SECOND}\n", ""))
            activate.assert_called_once_with(SECOND)
            # It serves from then on: what is deployed is brought to it.
            self.deploy(BAD, self.publish(BAD))
            self.assertEqual(self.run_program("settle", "front"), (0, "", ""))
            activate.assert_called_once()

    def test_a_machine_that_had_a_release_before_is_not_settled(self):
        self.make(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.deploy(SECOND, self.publish(SECOND))
        self.run_program("first", "front")
        self.assertEqual(self.run_program("settle", "front"), (0, "", ""))
        self.assertEqual(self.store.asked, [])

    def test_a_machine_whose_first_release_came_from_git_takes_a_first_deployment(self):
        self.run_program("first", "front")
        self.make(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.deploy(SECOND, self.publish(SECOND))
        with mock.patch.object(release.Application, "activate") as activate:
            self.run_program("settle", "front")
            activate.assert_called_once_with(SECOND)

    # status

    def test_the_status_tells_what_is_there_and_what_is_deployed(self):
        self.make(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        entry = {"release": FIRST, "revision": COMMIT, **STOPPED}
        self.assertEqual(json.loads(self.run_program("status")[1]), {"front": entry})
        self.deploy(SECOND, self.publish(SECOND))
        self.assertEqual(json.loads(self.run_program("status")[1]), {"front": {**entry, "deployed": SECOND}})
        self.store.end()
        status, out, said = self.run_program("status")
        self.assertEqual((status, json.loads(out)), (0, {"front": entry}))
        self.assertIn("does not answer", said)

    def test_a_revision_that_is_a_link_to_anything_is_not_read(self):
        folder = self.make(FIRST)
        (folder / "REVISION").unlink()
        (folder / "REVISION").symlink_to("/etc/hostname")
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.assertEqual(json.loads(self.run_program("current", "front")[1]), {"release": FIRST, "revision": None, **STOPPED})


# Stands in for systemd: one unit with Type=notify that runs `current/server.py`, in a control group that is a file.
SYSTEMCTL = """
import os, pathlib, signal, subprocess, sys, time
here = pathlib.Path(__file__).parent.parent
group = here / "cgroup/unit/cgroup.procs"
verb = sys.argv[1]
if verb == "show":
    print("/unit")
    sys.exit()
with open(here / "log", "a") as log:
    print(*sys.argv[1:], file=log)
def end(number):
    if not group.exists():
        return
    pid = int(group.read_text())
    try:
        os.killpg(pid, number)
        while True:
            os.kill(pid, 0)
            if open(f"/proc/{pid}/stat").read().split()[2] == "Z":
                break
            time.sleep(0.01)
    except OSError:
        pass
    group.unlink(missing_ok=True)
end(signal.SIGKILL if verb == "kill" else signal.SIGINT)
if verb == "restart":
    ready = here / "ready"
    ready.unlink(missing_ok=True)
    folder = here / "srv/front/current"
    process = subprocess.Popen([sys.executable, "server.py", str(ready)], cwd=folder, start_new_session=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    group.write_text(str(process.pid))
    while not ready.exists():
        if process.poll() is not None:
            print("the unit failed", file=sys.stderr)
            sys.exit(1)
        time.sleep(0.01)
"""
SERVER = """
import pathlib, signal, sys, time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
kind = {kind!r}
if kind == "crash":
    sys.exit(3)
if kind == "deaf":
    signal.signal(signal.SIGINT, signal.SIG_IGN)
class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/long":
            pathlib.Path("began").touch()
            time.sleep(1.5)
        if kind in ("hang", "deaf"):
            time.sleep(60)
        if kind == "slow":
            time.sleep(0.5)
        if kind == "drip":
            self.send_response(200)
            self.send_header("Content-Length", "1000")
            self.end_headers()
            for _ in range(1000):
                self.wfile.write(b"x")
                time.sleep(0.1)
        self.send_response(500 if kind == "500" or (kind == "half" and self.path != "/health") else 200)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"ok\\n")
    def log_message(self, *_):
        pass
class Server(ThreadingHTTPServer):
    # Else it answers what is under way before it ends.
    daemon_threads = kind != "patient"
server = Server(("127.0.0.1", {port}), Handler)
if kind != "never":
    pathlib.Path(sys.argv[1]).touch()
server.serve_forever()
"""


class ActivateTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.systemctl(SYSTEMCTL, f"#!{sys.executable}")
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.settings["port"] = self.port
        self.tell(self.settings)
        self.patch("SHORTEST_GATE_SECONDS", 0.5)
        self.addCleanup(lambda: subprocess.run([self.folder / "bin/systemctl", "kill", "front.service"], check=True))

    def make_server(self, name, kind="good", **files):
        return self.make(name, **{"server.py": SERVER.format(kind=kind, port=self.port), **files})

    def serve_first(self):
        self.make_server(FIRST)
        self.assertEqual(self.run_program("activate", "front", FIRST), (0, f"front {FIRST}\n", ""))

    def running(self):
        return release.Application("front").running()

    def log(self):
        path = self.folder / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        path.unlink(missing_ok=True)
        return lines

    def test_a_good_release_serves(self):
        self.serve_first()
        self.make_server(SECOND)
        self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
        self.assertEqual((self.current(), self.running()), (f"releases/{SECOND}", {SECOND}))

    def test_one_that_serves_already_is_left_alone(self):
        self.serve_first()
        self.log()
        self.assertEqual(self.run_program("activate", "front", FIRST)[0], 0)
        self.assertEqual(self.log(), [])

    def test_a_bad_release_is_taken_back_at_once_with_the_reason(self):
        self.serve_first()
        for number, (kind, why) in enumerate(
            (
                ("crash", "the service does not take it: systemctl ended with 1: the unit failed"),
                ("never", "the service does not take it: it took more than 2 s"),
                ("500", "/health answers 500"),
                ("slow", "/health has no answer within 0.2 s"),
                ("drip", "/health has no answer within 0.2 s"),
                ("hang", "/health has no answer within 0.2 s"),
                ("deaf", "/health has no answer within 0.2 s"),
            )
        ):
            with self.subTest(kind=kind):
                name = f"2026110400000{number}-cccccccccccc"
                self.make_server(name, kind)
                began = time.monotonic()
                status, out, said = self.run_program("activate", "front", name)
                self.assertEqual((status, out), (1, ""))
                self.assertEqual(said, f"platform-release: {name}: {why}; {FIRST} serves again\n")
                self.assertEqual((self.current(), self.running()), (f"releases/{FIRST}", {FIRST}))
                self.assertLess(time.monotonic() - began, 6)

    def test_a_path_besides_health_counts_where_it_is_named(self):
        self.serve_first()
        self.make_server(BAD, "half")
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 0)
        self.run_program("activate", "front", FIRST)
        self.settings["gate"]["also"] = ["/messages"]
        self.tell(self.settings)
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("/messages answers 500", said)

    def test_a_release_says_itself_that_it_is_bad_with_the_applications_variables_and_no_secret_is_told(self):
        (self.folder / "front.env").write_text("PASSWORD='correct horse'\nTEXT=\"it's\"\nKEY='begins\nbattery staple'\n")
        self.settings["variables"] = [str(self.folder / "front.env")]
        self.tell(self.settings)
        self.serve_first()
        script = '#!/bin/sh\ntest "$PORT" = {port} && test "$PWD" = "$HOME/current"\n{rest}\n'
        good = self.make_server(SECOND, **{"bin/check-release": script.format(port=self.port, rest='test "$TEXT" = "it\'s"')})
        bad = self.make_server(BAD, **{"bin/check-release": script.format(port=self.port, rest='echo "no login as $PASSWORD, $(echo "$KEY" | tail -n 1)" >&2; exit 1')})
        for folder in (good, bad):
            (folder / "bin/check-release").chmod(0o755)
        self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("bin/check-release: sh ended with 1: no login as ***, ***; ", said)
        # Only the beginning of a long line is told.
        long = script.format(port=self.port, rest='echo "$(printf "%0292d") $PASSWORD" >&2; exit 1')
        (bad / "bin/check-release").write_text(long)
        self.assertNotIn("corr", self.run_program("activate", "front", BAD)[2])
        self.assertEqual(self.running(), {SECOND})

    def test_a_release_that_is_not_here_changes_nothing(self):
        self.serve_first()
        self.log()
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"platform-release fetch front {SECOND}", said)
        self.assertEqual((self.current(), self.log()), (f"releases/{FIRST}", []))

    def test_a_bad_first_release_says_that_there_is_none_before_it(self):
        self.make_server(BAD, "500")
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual(status, 1)
        self.assertIn("there is no release before it", said)

    def test_an_activation_that_was_killed_is_no_reason_to_take_the_bad_release_for_the_one_before(self):
        self.serve_first()
        self.make_server(BAD, "500")
        self.assertTrue(self.killed(release.Application, "point", "after", "activate", "front", BAD))
        self.make_server(SECOND, "hang")
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"{FIRST} serves again", said)

    def test_an_activation_that_was_killed_at_any_step_is_completed_or_undone_by_the_next(self):
        # Many of them, and none is to fail because this host is busy.
        self.settings["activate_seconds"], self.settings["gate"]["slow_milliseconds"] = 20, 2000
        self.tell(self.settings)
        for name, kind in ((FIRST, "good"), (SECOND, "good"), (BAD, "500")):
            self.make_server(name, kind)
        steps = [(release.Application, "point"), (release, "run"), (release.Application, "passes"), (release.State, "keep")]
        for target, step in (*steps, (release.Application, "go_back")):
            for when in ("before", "after"):
                for name, serves in ((SECOND, SECOND), (BAD, FIRST)):
                    if name == SECOND and step == "go_back" or name == BAD and step == "keep":
                        continue
                    with self.subTest(step=step, when=when, release=name):
                        self.assertEqual(self.run_program("activate", "front", FIRST), (0, f"front {FIRST}\n", ""))
                        self.assertTrue(self.killed(target, step, when, "activate", "front", name))
                        self.assertIn(self.current(), (f"releases/{FIRST}", f"releases/{name}"))
                        self.assertEqual(self.run_program("activate", "front", name)[0], 0 if name == SECOND else 1)
                        self.assertEqual((self.current(), self.running()), (f"releases/{serves}", {serves}))

    def test_an_activation_that_was_killed_on_a_machine_without_another_before_goes_back_to_what_ran(self):
        self.make_server(FIRST)
        (self.root / "current").symlink_to(f"releases/{FIRST}")
        self.make_server(SECOND)
        self.make_server(BAD, "500")
        self.assertTrue(self.killed(release.Application, "point", "after", "activate", "front", SECOND))
        self.assertIn(f"{FIRST} serves again", self.run_program("activate", "front", BAD)[2])

    def tell_current(self):
        status, out, _ = self.run_program("current", "front")
        told = json.loads(out)
        self.assertEqual((status, json.loads(self.run_program("status")[1])), (0, {"front": told}))
        return told["release"], told["trying"], told["running"]

    def reboot(self):
        """What the boot printed: the processes are gone, and start when the unit before them has ended."""
        subprocess.run([self.folder / "bin/systemctl", "kill", "front.service"], check=True)
        status, out, said = self.run_program("boot", "front")
        self.assertEqual((status, said), (0, ""))
        subprocess.run([self.folder / "bin/systemctl", "restart", "front.service"], check=True)
        return out

    def test_a_machine_that_reboots_in_an_activation_starts_the_release_before(self):
        self.serve_first()
        self.make_server(BAD)
        self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
        for step, running in (("take_over", FIRST), ("passes", BAD)):
            with self.subTest(killed_before=step):
                self.assertTrue(self.killed(release.Application, step, "before", "activate", "front", BAD))
                self.assertEqual(self.tell_current(), (BAD, True, [running]))
                self.assertEqual(self.reboot(), f"front {FIRST}\n")
                self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
                self.assertEqual(self.reboot(), "")

    def test_a_reboot_changes_nothing_where_no_activation_was_interrupted_or_there_is_no_release_before(self):
        self.make_server(FIRST)
        self.assertTrue(self.killed(release.Application, "passes", "before", "activate", "front", FIRST))
        self.assertEqual(self.reboot(), "")
        self.assertEqual(self.tell_current(), (FIRST, True, [FIRST]))
        self.assertEqual(self.run_program("activate", "front", FIRST)[0], 0)
        self.make_server(BAD, "500")
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 1)
        # What somebody else made of it since is nothing that was tried.
        release.Application("front").point(BAD)
        self.assertEqual(self.reboot(), "")
        self.assertEqual(self.tell_current(), (BAD, False, [BAD]))

    def test_others_at_the_application_are_waited_for_as_long_as_is_told(self):
        self.serve_first()
        self.make_server(SECOND)
        other = subprocess.Popen(["flock", self.folder / "front.lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1)
        other.stdout.readline()
        status, out, said = self.run_program("activate", "front", SECOND, "--within", "1")
        other.communicate()
        self.assertEqual((status, out), (75, ""))
        self.assertEqual(said, "platform-release: others are at front, and not done after 1 s: nothing was done\n")
        self.assertEqual(self.tell_current(), (FIRST, False, [FIRST]))
        self.assertEqual(self.run_program("activate", "front", SECOND, "--within", "1")[0], 0)

    def test_a_service_in_python_has_time_to_answer_what_is_under_way(self):
        tasks = yaml.safe_load((ROLES / "machine-learning/tasks/main.yml").read_text(encoding="utf-8"))
        seconds = jinja2.Template(tasks[0]["vars"]["application_activate_seconds"])
        # Less than the answer takes, in itself.
        gate = self.settings["gate"]["seconds"]
        self.settings["activate_seconds"] = int(seconds.render(machine_learning_stop_timeout=4, machine_learning_gate_seconds=gate))
        self.tell(self.settings)
        folder = self.make_server(FIRST, "patient")
        self.run_program("activate", "front", FIRST)
        self.make_server(SECOND)

        def ask():
            connection = HTTPConnection("127.0.0.1", self.port)
            connection.request("GET", "/long")
            return connection.getresponse().status

        with ThreadPoolExecutor() as pool:
            answer = pool.submit(ask)
            while not (folder / "began").exists():
                time.sleep(0.01)
            self.assertEqual(self.run_program("activate", "front", SECOND), (0, f"front {SECOND}\n", ""))
            self.assertEqual(answer.result(), 200)

    def test_the_release_to_which_somebody_else_moved_current_is_the_one_before(self):
        self.serve_first()
        self.make_server(SECOND)
        release.Application("front").point(SECOND)
        subprocess.run([self.folder / "bin/systemctl", "restart", "front.service"], check=True)
        self.make_server(BAD, "500")
        status, _, said = self.run_program("activate", "front", BAD)
        self.assertEqual((status, self.current(), self.running()), (1, f"releases/{SECOND}", {SECOND}))
        self.assertIn(f"{SECOND} serves again", said)

    def test_two_activations_come_one_after_the_other(self):
        self.make_server(SECOND)
        other = subprocess.Popen(["flock", self.folder / "front.lock", "sh", "-c", "echo; read _"], stdin=-1, stdout=-1)
        other.stdout.readline()
        waiting = threading.Thread(target=self.run_program, args=("activate", "front", SECOND))
        with mock.patch.object(release, "within", lambda _: contextlib.nullcontext()):
            waiting.start()
            waiting.join(0.5)
            self.assertEqual((self.current(), self.log()), (None, []))
            other.communicate()
            waiting.join()
        self.assertEqual((self.current(), self.running()), (f"releases/{SECOND}", {SECOND}))

    def test_a_service_that_kept_the_one_before_is_not_restarted_to_go_back(self):
        self.serve_first()
        self.make_server(BAD)
        self.settings["activate"] = ["false"]
        self.tell(self.settings)
        self.log()
        self.assertEqual(self.run_program("activate", "front", BAD)[0], 1)
        self.assertEqual((self.log(), self.current(), self.running()), ([], f"releases/{FIRST}", {FIRST}))

    def test_a_service_that_goes_on_with_the_one_before_has_not_taken_the_release(self):
        self.serve_first()
        self.make_server(SECOND)
        self.settings["activate"] = ["true"]
        self.tell(self.settings)
        status, _, said = self.run_program("activate", "front", SECOND)
        self.assertEqual(status, 1)
        self.assertIn(f"{SECOND}: {FIRST} still runs; {FIRST} serves again", said)

    def test_old_releases_go_and_none_that_is_used(self):
        self.serve_first()
        for day in range(4, 10):
            self.make_server(f"2026110{day}000000-dddddddddddd")
        self.assertEqual(self.run_program("prune", "front", "--keep", "2")[0], 0)
        self.assertEqual(self.releases(), [FIRST, "20261108000000-dddddddddddd", "20261109000000-dddddddddddd"])


class SettingsTest(unittest.TestCase):
    def test_what_was_written_outlives_a_loss_of_power(self):
        synced = []
        with tempfile.TemporaryDirectory() as folder:
            with mock.patch.object(os, "fsync", lambda file: synced.append(os.readlink(f"/proc/self/fd/{file}"))):
                release.write(f"{folder}/state.json", "{}", os.geteuid(), os.getegid())
            # Its content, before it has its name, and then the name.
            self.assertRegex(synced[0], rf"^{folder}/\.state\.json\.\w+$")
            self.assertEqual(synced[1:], [folder])

    def test_a_number_that_is_none_is_told(self):
        for text in ("0", "-1", "x", "1.5", ""):
            with mock.patch("sys.stderr", io.StringIO()) as said, self.assertRaises(SystemExit):
                with mock.patch.object(sys, "argv", ["platform-release", "prune", "front", f"--keep={text}"]):
                    release.main()
            self.assertIn(f"argument --keep: given {text}, allowed is a number from 1", said.getvalue())

    def test_values_are_read_as_they_were_written(self):
        secrets = program("secrets/files/platform-secrets")
        values = ["plain", "", "it's", 'it\'s "so"', "a\nb", "$HOME `x` \\n", "it's\n\\ $x", "späte"]
        for reader in ("node", "systemd"):
            for value in values:
                with self.subTest(reader=reader, value=value), tempfile.TemporaryDirectory() as folder:
                    path = f"{folder}/env"
                    with open(path, "w", encoding="utf-8", newline="") as file:
                        file.write("# A comment.\n" + "".join(f"{name}={secrets.quoted(name, value, reader)}\n" for name in ("A", "B_2")))
                    self.assertEqual(release.variables_in(path, reader), {"A": value, "B_2": value})

    def test_the_role_writes_what_the_program_reads(self):
        template = (ROLES / "application/templates/release.json.j2").read_text(encoding="utf-8")
        for key in ("name", "root", "user", "port", "unit", "reader", "variables", "activate", "activate_seconds", "gate"):
            self.assertIn(f"'{key}': ", template)
        for key in ("path", "also", "seconds", "slow_milliseconds"):
            self.assertIn(f"'{key}': ", template)


if __name__ == "__main__":
    unittest.main()
