"""The signing key of a package source is taken by its fingerprint, and by nothing else. With keys of gpg's own."""

import contextlib
import importlib.util
import io
import pathlib
import subprocess
import tempfile
import threading
import time
import unittest
from http.server import HTTPServer

from programs import ROLES
from services import Service

spec = importlib.util.spec_from_file_location("key", ROLES / "package-source/files/key.py")
key = importlib.util.module_from_spec(spec)
spec.loader.exec_module(key)


class Keys(Service):
    def do_GET(self):
        self.server.asked.append(self.path)
        content = self.server.keys.get(self.path)
        self.reply(404 if content is None else 200, content or b"")


def generate(home, name, end):
    gpg = ["gpg", "--homedir", home, "--batch", "--quiet", "--passphrase", ""]
    subprocess.run([*gpg, "--quick-generate-key", name, "ed25519", "sign", end], check=True, capture_output=True)
    public = subprocess.run([*gpg, "--armor", "--export", name], check=True, capture_output=True).stdout
    shown = subprocess.run([*gpg, "--with-colons", "--list-keys", name], check=True, capture_output=True, text=True).stdout
    return public, next(line.split(":")[9] for line in shown.splitlines() if line.startswith("fpr"))


class SigningKeys(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        home = pathlib.Path(folder.name, "home")
        home.mkdir(mode=0o700)
        cls.addClassCleanup(subprocess.run, ["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        cls.good, cls.fingerprint = generate(home, "good", "1y")
        cls.other, cls.another = generate(home, "other", "1y")
        cls.old, cls.expired = generate(home, "old", "seconds=1")
        # It ends after a second.
        time.sleep(2)

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.file = pathlib.Path(folder.name, "gitlab.asc")
        self.server = HTTPServer(("127.0.0.1", 0), Keys)
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        self.addCleanup(lambda: (self.server.shutdown(), self.server.server_close()))
        self.server.asked, self.server.keys = [], {"/key": self.good}

    def have(self, fingerprint, path="/key"):
        """(what it printed, why it failed)."""
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            why = key.main(str(self.file), f"http://127.0.0.1:{self.server.server_port}{path}", fingerprint)
        return out.getvalue(), why

    def test_it_is_fetched_once(self):
        spaced = " ".join(self.fingerprint[at : at + 4] for at in range(0, 40, 4)).lower()
        self.assertEqual(self.have(spaced), (f"fetched {self.fingerprint}\n", None))
        self.assertEqual(self.file.read_bytes(), self.good)
        self.assertEqual(self.file.stat().st_mode & 0o777, 0o644)
        self.assertEqual(self.have(self.fingerprint), ("", None))
        self.assertEqual(self.server.asked, ["/key"])

    def test_another_one_is_not_taken_nor_is_one_that_brings_another_along(self):
        for content in (self.other, self.good + self.other, b"no key", b""):
            self.server.keys["/key"] = content
            out, why = self.have(self.fingerprint)
            self.assertEqual(out, "")
            self.assertIn(f"allowed is one valid key with the fingerprint {self.fingerprint}", why)
        self.assertEqual(list(self.file.parent.iterdir()), [])

    def test_one_that_has_expired_is_fetched_anew(self):
        self.file.write_bytes(self.old)
        self.server.keys["/key"] = self.old
        self.assertIn(f"{self.expired}, which has expired", self.have(self.expired)[1])
        self.assertEqual(self.server.asked, ["/key"])

    def test_a_server_without_it_is_named(self):
        self.assertIn("/none gives no key: Not Found", self.have(self.fingerprint, "/none")[1])


if __name__ == "__main__":
    unittest.main()
