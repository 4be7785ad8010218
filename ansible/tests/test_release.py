"""The program that has releases, against a small metadata service and a small blob service with TLS: what it fetches, takes
first, settles and tells."""

import glob
import hashlib
import io
import json
import os
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import unittest
import zipfile
from unittest import mock
from urllib.parse import unquote, urlsplit

from programs import ROLES, program
from releases import BAD, COMMIT, FIRST, SECOND, ReleaseTest, release
from services import Service

HOST = "stdev.blob.core.test"
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


class StoreTest(ReleaseTest):
    def setUp(self):
        super().setUp()
        self.stop_the_clock()
        self.store = self.serve_as(HOST, handler=Blobs)
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
