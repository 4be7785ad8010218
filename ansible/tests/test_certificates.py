"""The program that has certificates, against a small metadata service, vault, blob store and Resource Manager with TLS;
and against a real authority, where Go is there to build one."""

import base64
import contextlib
import datetime
import json
import os
import pathlib
import shutil
import socket
import stat
import subprocess
import sys
import time
import unittest
import urllib.request
from unittest import mock
from urllib.parse import parse_qs, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from programs import MACHINE, ROLES, program
from services import MachineTest, Service, certificate

for name in ("acme_order.py", "acme-requirements.txt"):
    shutil.copy(ROLES / "certificates/files" / name, MACHINE / "lib/platform")
certificates = program("certificates/files/platform-certificates")
NAMES = ("kv.vault.azure.test", "st.blob.azure.test", "management.azure.test")
DIRECTORY = "https://management.azure.test/directory"
HOST, SECRET = "www.chatbot.example", "certificate-www"
DAY = 86_400
ROOT = pathlib.Path(__file__).parents[2]


def new_key():
    return ec.generate_private_key(ec.SECP256R1())


def pem_of(key):
    form = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, form, serialization.NoEncryption()).decode()


def issued(host=HOST, begins=0, days=90, key=None):
    """PEM of a key and its certificate."""
    key = key or new_key()
    name = x509.Name([])
    moment = lambda seconds: datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(moment(begins)).not_valid_after(moment(begins + days * DAY))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier(b"authority", None, None), critical=False)
    leaf = builder.sign(key, hashes.SHA256())
    return pem_of(key) + leaf.public_bytes(serialization.Encoding.PEM).decode()


class Azure(Service):
    """All of it at one address: who is asked, the names tell."""

    def do_GET(self):
        self.answer()

    def do_PUT(self):
        self.answer()

    def answer(self):
        server = self.server
        host, url = self.headers["Host"].partition(":")[0], urlsplit(self.path)
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        server.asked.append((self.command, host, url.path))
        kind = {"kv": "vault", "st": "store", "management": "manager"}[host.partition(".")[0]]
        if kind in server.away:
            self.reply(503, {}, {"Retry-After": "60"})
        else:
            getattr(self, kind)(url, body)

    def vault(self, url, body):
        server, name = self.server, url.path.removeprefix("/secrets/")
        if self.headers.get("Authorization") is None:
            self.reply(401, {}, {"WWW-Authenticate": 'Bearer authorization="x", resource="https://vault.azure.test"'})
        elif name in server.refused:
            self.reply(403, {"error": {"innererror": {"code": "ForbiddenByRbac"}}})
        elif self.command == "PUT":
            server.keep(name, **json.loads(body))
            self.reply(200, server.secrets[name])
        elif name in server.secrets:
            self.reply(200, server.secrets[name])
        else:
            self.reply(404, {"error": {"code": "SecretNotFound"}})

    def store(self, url, body):
        """https://learn.microsoft.com/rest/api/storageservices/lease-blob"""
        server, action = self.server, self.headers.get("x-ms-lease-action")
        given = self.headers.get("x-ms-lease-id")
        held = server.lease if server.lease and server.lease[1] > server.now() else None
        refuse = lambda status, code: self.reply(status, b"", {"x-ms-error-code": code})
        if url.path != "/certificates/renewal":
            refuse(403, "AuthorizationPermissionMismatch")
        elif self.command == "PUT" and not action and self.headers.get("If-None-Match") == "*" and server.blob is not None:
            refuse(409, "BlobAlreadyExists")
        elif self.command == "PUT" and not action and (held[0] if held else None) != given:
            refuse(412, "LeaseIdMissing" if held and not given else "LeaseLost")
        elif self.command == "PUT" and not action:
            server.blob = body
            self.reply(201, b"")
        elif server.blob is None:
            refuse(404, "BlobNotFound")
        elif action == "acquire" and held and held[0] != self.headers["x-ms-proposed-lease-id"]:
            refuse(409, "LeaseAlreadyPresent")
        elif action == "acquire":
            server.lease = (self.headers["x-ms-proposed-lease-id"], server.now() + int(self.headers["x-ms-lease-duration"]))
            self.reply(201, b"")
        elif action:
            if not held or held[0] != given:
                refuse(409, "LeaseIdMismatchWithLeaseOperation")
            else:
                server.lease = (given, server.now() + 60) if action == "renew" else None
                self.reply(200, b"")
        else:
            self.reply(200, server.blob)

    def manager(self, url, body):
        """Resource Manager; and the authority, as far as it says when to renew."""
        server = self.server
        if url.path == "/directory":
            self.reply(200, {"renewalInfo": f"https://{self.headers['Host']}/renewal"} if server.window else {})
        elif url.path.startswith("/renewal/"):
            server.identifiers.append(url.path.removeprefix("/renewal/"))
            window = dict(zip(("start", "end"), map(moment, server.window), strict=True))
            self.reply(server.window_status, {"suggestedWindow": window}, {"Retry-After": server.retry_after})
        elif self.headers.get("Authorization") != f"Bearer token for https://{self.headers['Host']}/":
            self.reply(401, {})
        elif self.command == "GET":
            self.reply(200, server.records[url.path]) if url.path in server.records else self.reply(404, {})
        else:
            server.records[url.path] = json.loads(body)
            server.publish(url.path, json.loads(body)["properties"]["TXTRecords"][0]["value"][0])
            self.reply(200, {})


def moment(seconds):
    return datetime.datetime.fromtimestamp(seconds, datetime.timezone.utc).isoformat().replace("+00:00", "Z")


class CertificatesTest(MachineTest):
    program = certificates

    def setUp(self):
        super().setUp()
        self.stop_the_clock()
        self.start = 1_800_000_000
        self.clock.time = lambda: self.start + self.clock.now
        self.azure = azure = self.serve_as(*NAMES, handler=Azure)
        azure.away, azure.refused, azure.secrets, azure.blob, azure.lease = set(), set(), {}, None, None
        azure.now, azure.records, azure.identifiers = self.clock.time, {}, []
        azure.window, azure.window_status, azure.retry_after = None, 200, "21600"
        azure.keep = self.keep
        self.port = azure.server_port
        self.directory = DIRECTORY.replace(".test/", f".test:{self.port}/")
        self.reloads = self.folder / "reloads"
        self.patch("RELOAD", ["sh", "-c", f"echo >>{self.reloads}"])
        self.machine("one")
        self.settings()

    def machine(self, name):
        """From now on the program runs there."""
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        self.patch("SETTINGS", str(self.folder / "settings.json"))
        self.patch("FOLDER", str(folder / "certificates"))
        self.patch("THUMBPRINT", str(folder / "acme.conf"))
        self.patch("PLACEHOLDERS", str(folder / "placeholders.conf"))
        self.patch("STATE", str(folder / "state.json"))
        self.patch("LOCK", str(folder / "lock"))
        self.patch("OWED", str(folder / "owed"))
        return folder

    def settings(self, *entries, **more):
        entries = entries or ({"host": HOST, "secret": SECRET, "source": "acme", "challenge": "http-01"},)
        content = {
            "vault": f"https://{NAMES[0]}:{self.port}/",
            "store": f"https://{NAMES[1]}:{self.port}",
            "client_id": "client-1",
            "zone": "chatbot.example",
            "refresh_seconds": 60,
            "certificates": entries,
            "acme": {"directory": self.directory},
            **more,
        }
        (self.folder / "settings.json").write_text(json.dumps(content))
        os.utime(self.folder / "settings.json", (self.start, self.start))

    def keep(self, name, value, tags=None, **_):
        created = int(self.clock.time())
        self.azure.secrets[name] = {"value": value, "tags": tags or {}, "attributes": {"created": created}}

    def hold(self, pem):
        self.keep(SECRET, pem, {"directory": self.directory})

    def file(self, host=HOST):
        path = certificates.file_of(host)
        return path.read_text() if path.exists() else None

    def assert_self_signed(self, host):
        leaf = certificates.certificate_of(self.file(host), host).leaf
        self.assertEqual((leaf.subject.rfc4514_string(), leaf.subject), ("CN=no certificate yet", leaf.issuer))

    def run_program(self, *arguments):
        status, out, err = super().run_program(*arguments)
        self.assertNotIn("PRIVATE", out + err)
        return status, out, err

    def entry(self):
        return json.loads(self.azure.blob)[HOST]


class FetchTest(CertificatesTest):
    def test_a_certificate_is_written_once_for_root_only(self):
        self.hold(issued(begins=self.start))
        status, out, err = self.run_program("fetch")
        self.assertEqual((status, out.split(), err), (0, [certificates.THUMBPRINT, str(certificates.file_of(HOST))], ""))
        self.assertEqual(self.file(), self.azure.secrets[SECRET]["value"])
        self.assertEqual(stat.S_IMODE(certificates.file_of(HOST).stat().st_mode), 0o600)
        self.assertEqual(self.run_program("fetch"), (0, "", ""))

    def test_a_host_without_a_certificate_in_the_vault_gets_a_self_signed_one(self):
        entries = [{"host": name, "secret": name, "source": source} for name, source in
                   (("a.example", "acme"), ("b.example", "given"), ("*.c.example", "self-signed"))]
        self.settings(*entries)
        status, _, err = self.run_program("fetch", "--wait", "900")
        self.assertEqual((status, err), (0, "b.example: there is no secret b.example\n"))
        for entry in entries:
            self.assert_self_signed(entry["host"])
        self.assertTrue((self.folder / "one/certificates/any.c.example.pem").exists())

    def test_nginx_is_told_which_certificates_are_for_the_time_being(self):
        conf = pathlib.Path(certificates.PLACEHOLDERS)
        sources = {HOST: "acme", "*.c.example": "self-signed"}
        self.settings(*({"host": host, "secret": SECRET, "source": source} for host, source in sources.items()))
        self.run_program("fetch")
        both = f'"{HOST}" 1; "*.c.example" 1;'
        self.assertEqual(conf.read_text(), f'map $certificate $placeholder {{ default ""; {both} }}\n')
        self.assertEqual(stat.S_IMODE(conf.stat().st_mode), 0o644)
        self.hold(issued(begins=self.start))
        before = len(self.reloads.read_text()) if self.reloads.exists() else 0
        self.run_program("refresh")
        self.assertEqual(conf.read_text(), 'map $certificate $placeholder { default ""; "*.c.example" 1; }\n')
        self.assertEqual(len(self.reloads.read_text()), before + 1)
        # What the vault does not answer stays as it was.
        self.azure.away.add("vault")
        self.assertEqual(self.run_program("fetch")[1], "")

    def test_the_account_is_asked_for_only_where_the_authority_gives_a_certificate(self):
        self.azure.refused.add("acme-account")
        for source in ("given", "self-signed"):
            self.settings({"host": HOST, "secret": SECRET, "source": source})
            self.hold(issued(begins=self.start))
            self.assertEqual(self.run_program("refresh")[2], "")
        before = len(self.azure.asked)
        (self.folder / "settings.json").write_text(json.dumps({**certificates.settings_of(), "certificates": []}))
        self.assertEqual((self.run_program("fetch"), len(self.azure.asked)), ((0, "", ""), before))

    def test_a_newborn_machine_whose_vault_does_not_answer_gets_none(self):
        self.azure.away.add("vault")
        status, out, err = self.run_program("fetch", "--wait", "900")
        self.assertEqual((status, out, self.file()), (1, "", None))
        self.assertIn(f"vault: no {HOST}: {NAMES[0]} answers 503", err)
        self.assertGreaterEqual(self.clock.now, 900)

    def test_it_waits_for_a_vault_that_comes_back(self):
        self.hold(issued(begins=self.start))
        self.azure.away.add("vault")
        self.clock.events[20] = self.azure.away.clear
        self.assertEqual(self.run_program("fetch", "--wait", "9000")[0], 0)
        self.assertIn("PRIVATE", self.file())

    def test_without_the_vault_the_certificates_from_before_are_used_at_once(self):
        self.hold(issued(begins=self.start))
        self.run_program("fetch")
        before = self.file()
        self.azure.end()
        status, out, err = self.run_program("fetch", "--wait", "900")
        self.assertEqual((status, out, self.file()), (0, "", before))
        self.assertIn("; the certificates from before are used", err)

    def test_new_rights_are_waited_for_and_a_refusal_is_final_after_ten_minutes(self):
        self.hold(issued(begins=self.start))
        self.azure.refused.add(SECRET)
        self.clock.events[3] = self.azure.refused.clear
        self.assertEqual(self.run_program("fetch", "--wait", "900")[0], 0)
        self.machine("two")
        self.azure.refused.add(SECRET)
        os.utime(self.folder / "settings.json", (0, 0))
        before = self.clock.now
        self.assertEqual(self.run_program("fetch", "--wait", "900")[0], 1)
        self.assertEqual(self.clock.now, before)

    def test_what_cannot_be_served_keeps_the_one_before_and_says_why(self):
        good = issued(begins=self.start)
        other = issued("other.example", begins=self.start)
        key, chain = good.split("-----BEGIN CERTIFICATE-----")
        wrong = {
            "hush": "allowed is PEM of a key without a password",
            chain: "allowed is PEM",
            pem_of(new_key()) + "-----BEGIN CERTIFICATE-----" + chain: "the key is not that of the first certificate",
            other: f"it is for other.example, not for {HOST}",
            # nginx would not start with it.
            issued(begins=self.start, key=rsa.generate_private_key(65537, 1024)): "OpenSSL refuses it: EE_KEY_TOO_SMALL",
        }
        self.settings({"host": HOST, "secret": SECRET, "source": "given"})
        for given, why in wrong.items():
            self.machine(f"new for {why}"[:40])
            self.keep(SECRET, given)
            status, _, err = self.run_program("fetch")
            self.assertEqual(status, 0)
            self.assert_self_signed(HOST)
            self.assertIn(why, err)
            self.assertNotIn("hush", err)
            self.keep(SECRET, good)
            self.run_program("fetch")
            self.keep(SECRET, given)
            self.run_program("fetch")
            self.assertEqual(self.file(), good)

    def test_a_wildcard_is_for_its_names(self):
        self.assertTrue(certificates.certificate_of(issued("*.chatbot.example"), HOST))
        self.assertTrue(certificates.certificate_of(issued("*.chatbot.example"), "*.chatbot.example"))
        with self.assertRaises(certificates.Unusable):
            certificates.certificate_of(issued("*.chatbot.example"), "a.b.chatbot.example")

    def test_nginx_reads_what_changed_and_a_reload_that_failed_is_owed(self):
        self.hold(issued(begins=self.start))
        self.patch("RELOAD", ["false"])
        self.assertIn("nginx: false ended with 1", self.run_program("refresh")[2])
        self.patch("RELOAD", ["sh", "-c", f"echo >>{self.reloads}"])
        self.run_program("refresh")
        self.run_program("refresh")
        self.assertEqual(len(self.reloads.read_text()), 1)

    def test_a_folder_that_was_wiped_is_filled_again_and_the_vaults_absence_changes_nothing(self):
        self.hold(issued(begins=self.start))
        self.run_program("refresh")
        shutil.rmtree(certificates.FOLDER)
        self.azure.away.add("vault")
        self.assertEqual((self.run_program("refresh")[0], self.file()), (0, None))
        self.assertEqual(len(self.reloads.read_text()), 1)
        self.azure.away.clear()
        self.run_program("refresh")
        self.assertEqual(self.file(), self.azure.secrets[SECRET]["value"])

    def test_what_a_run_wrote_and_did_not_have_read_is_read_after_the_next_look(self):
        self.run_program("refresh")
        self.hold(issued(begins=self.start))
        self.run_program("fetch")
        self.assertEqual(len(self.reloads.read_text()), 1)
        self.run_program("refresh")
        self.run_program("refresh")
        self.assertEqual(len(self.reloads.read_text()), 2)

    def test_the_thumbprint_of_the_account_is_written_for_nginx(self):
        self.run_program("fetch")
        conf = pathlib.Path(certificates.THUMBPRINT)
        self.assertEqual(conf.read_text(), 'map "" $acme_thumbprint { default ""; }\n')
        self.keep("acme-account", pem_of(new_key()))
        self.run_program("fetch")
        self.assertRegex(conf.read_text(), r'^map "" \$acme_thumbprint \{ default "[\w-]{43}"; \}\n$')
        self.assertEqual(stat.S_IMODE(conf.stat().st_mode), 0o644)
        self.keep("acme-account", "hush")
        status, _, err = self.run_program("fetch")
        self.assertEqual(status, 0)
        self.assertIn("acme-account: ValueError; allowed is PEM of a key on P-256", err)


class RenewTest(CertificatesTest):
    def setUp(self):
        super().setUp()
        self.orders = []
        self.patch("order", self.order)
        self.failures = []
        # In real time it would keep the lease.
        self.patch("hold", lambda _: None, certificates.Record)
        self.keep("acme-account", pem_of(new_key()))
        self.pass_(10_000)

    def pass_(self, seconds):
        self.clock.now += seconds

    def order(self, settings, entry, account, replaced):
        self.orders.append((entry["host"], self.clock.time(), replaced and replaced.serial))
        for failure in self.failures[:1]:
            self.failures.pop(0)
            raise failure
        return issued(entry["host"], begins=self.clock.time())

    def refresh_until(self, seconds, machines, step=60):
        """All machines look, each in its turn, until so much time has passed."""
        end = self.clock.now + seconds
        while self.clock.now < end:
            for name in machines:
                self.machine(name)
                self.run_program("refresh")
            self.pass_(step)

    def test_the_first_certificate_waits_until_all_machines_know_the_new_account(self):
        del self.azure.secrets["acme-account"]
        self.refresh_until(60, ["one", "two"])
        self.assertEqual(self.orders, [])
        made = self.clock.time() - 60
        account = self.azure.secrets["acme-account"]["value"]
        self.refresh_until(300, ["one", "two"])
        [(host, at, replaced)] = self.orders
        self.assertEqual((host, replaced), (HOST, None))
        self.assertGreaterEqual(at, made + 120)
        self.assertEqual(self.azure.secrets["acme-account"]["value"], account)
        for name in ("one", "two"):
            self.machine(name)
            self.assertEqual(self.file(), self.azure.secrets[SECRET]["value"])
        self.assertEqual(self.azure.secrets[SECRET]["tags"]["directory"], self.directory)

    def test_a_new_account_is_told_once_by_each_machine_that_waits(self):
        del self.azure.secrets["acme-account"]
        told = []
        for _ in range(3):
            for name in ("one", "two"):
                self.machine(name)
                told += [line for line in self.run_program("refresh")[2].splitlines() if not line.startswith("order of")]
            self.pass_(60)
        self.assertRegex("\n".join(sorted(set(told))), r"\Arenewal: acme-account is new; orders wait until .*\nrenewal: well again\Z")
        self.assertEqual(len(told), 4)

    def test_a_machine_whose_order_failed_is_told_that_another_one_had_more_luck(self):
        self.failures = [certificates.Unusable("no")]
        self.assertIn("tried again", self.run_program("refresh")[2])
        self.pass_(200)
        self.machine("two")
        self.run_program("refresh")
        self.machine("one")
        self.assertEqual(self.run_program("refresh")[2], f"order of {HOST}: well again\n")

    def test_a_host_without_a_certificate_is_tried_again_each_hour(self):
        self.failures = [certificates.Unusable("its name leads elsewhere") for _ in range(1000)]
        self.refresh_until(DAY, ["one", "two"], step=600)
        times = [at for _, at, _ in self.orders]
        self.assertTrue(all(2400 <= later - earlier <= 5100 for earlier, later in zip(times[-10:], times[-9:], strict=False)), times)

    def test_one_that_is_not_due_asks_for_no_lease(self):
        self.hold(issued(begins=self.clock.time()))
        self.refresh_until(DAY, ["one"], step=DAY / 10)
        self.assertEqual([path for _, host, path in self.azure.asked if host == NAMES[1]], [])

    def test_six_renewals_of_many_machines_that_forget_have_one_order_each(self):
        self.hold(issued(begins=self.clock.time()))
        # Each lives for 60 or 62 days of these steps.
        for day in range(0, 376, 2):
            for name in ("one", "two", "three"):
                if day % 3 == 0:
                    shutil.rmtree(self.folder / name, ignore_errors=True)
                self.machine(name)
                self.run_program("refresh")
            self.pass_(2 * DAY)
        times = [at for _, at, _ in self.orders]
        self.assertEqual(len(times), 6)
        for earlier, later in zip(times, times[1:], strict=False):
            self.assertGreater(later - earlier, 58 * DAY)
            self.assertLess(later - earlier, 64 * DAY)
        # Each says what it replaces.
        self.assertEqual(len({replaced for *_, replaced in self.orders}), 6)

    def test_another_machine_has_the_lease(self):
        self.azure.blob, self.azure.lease = b"{}", ("another", self.clock.time() + 60)
        self.run_program("refresh")
        self.assertEqual(self.orders, [])
        self.pass_(61)
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 1)
        self.assertIsNone(self.azure.lease)

    def test_without_the_vault_nothing_is_ordered(self):
        self.hold(issued(begins=self.clock.time()))
        self.run_program("refresh")
        self.azure.away.add("vault")
        self.pass_(85 * DAY)
        self.run_program("refresh")
        shutil.rmtree(self.folder / "one")
        self.machine("one")
        self.assertEqual(self.run_program("refresh")[0], 0)
        self.assertEqual(self.orders, [])
        self.azure.away.clear()
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 1)

    def test_without_the_store_nothing_is_ordered(self):
        self.azure.away.add("store")
        self.assertIn(f"renewal: {NAMES[1]} answers 503 to lease certificates/renewal", self.run_program("refresh")[2])
        self.assertEqual(self.orders, [])

    def test_an_authority_that_is_away_for_thirty_days_is_asked_ever_less_by_all_machines_together(self):
        self.hold(issued(begins=self.clock.time()))
        self.pass_(62 * DAY)
        self.failures = [certificates.Unusable("away", away=True) for _ in range(1000)]
        machines = ["one", "two", "three"]
        for _ in range(24):
            # They forget all that they know by themselves.
            for name in machines:
                shutil.rmtree(self.folder / name, ignore_errors=True)
            self.refresh_until(3600, machines, step=600)
        times = [at for _, at, _ in self.orders]
        self.assertLess(len(times), 20)
        self.assertGreater(times[-1] - times[-2], 4 * 3600)
        self.failures = []
        self.refresh_until(9 * 3600, machines, step=600)
        self.assertEqual(self.entry().keys(), {"directory", "after", "issued"})

    def test_the_pause_that_the_authority_wants_is_kept(self):
        self.failures = [certificates.Unusable("too many", pause=DAY)]
        self.assertIn(f"order of {HOST}: tried again at ", self.run_program("refresh")[2])
        self.refresh_until(DAY - 120, ["one", "two"], step=3600)
        self.assertEqual(len(self.orders), 1)
        self.pass_(120)
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 2)

    def test_an_attempt_whose_machine_is_lost_counts(self):
        self.failures = [KeyboardInterrupt()]
        with self.assertRaises(KeyboardInterrupt):
            self.run_program("refresh")
        self.assertEqual((self.entry()["failures"], self.entry()["error"]), (1, "its machine came to no end"))
        self.machine("two")
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 1)
        self.pass_(151)
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 2)

    def test_hosts_are_ordered_apart_and_one_that_fails_stops_no_other(self):
        hosts = ["a.chatbot.example", "b.chatbot.example"]
        self.settings(*({"host": host, "secret": host, "source": "acme", "challenge": "http-01"} for host in hosts))
        self.failures = [certificates.Unusable("no")]
        self.run_program("refresh")
        self.assertEqual([host for host, *_ in self.orders], hosts)
        self.machine("two")
        self.failures = [certificates.Unusable("away", away=True)]
        self.pass_(1000)
        del self.azure.secrets["b.chatbot.example"]
        self.run_program("refresh")
        self.assertEqual([host for host, *_ in self.orders], [*hosts, hosts[0]])

    def test_another_directory_is_another_authority(self):
        self.hold(issued(begins=self.clock.time()))
        self.run_program("refresh")
        self.settings(acme={"directory": f"{self.directory}-other"})
        self.run_program("refresh")
        [(*_, replaced)] = self.orders
        self.assertIsNone(replaced)
        self.assertEqual(self.azure.secrets[SECRET]["tags"]["directory"], f"{self.directory}-other")

    def test_the_vault_gets_what_was_issued_also_when_it_is_away_for_minutes(self):
        def order(*given):
            self.azure.away.add("vault")
            self.clock.events[self.clock.waits + 12] = self.azure.away.clear
            return self.order(*given)

        self.patch("order", order)
        self.run_program("refresh")
        self.assertIn("PRIVATE", self.azure.secrets[SECRET]["value"])
        self.assertEqual(len(self.orders), 1)

    def test_a_lease_that_was_lost_is_no_right_to_write(self):
        def order(*given):
            self.patch("lost", True, certificates.Record)
            return self.order(*given)

        self.patch("order", order)
        self.assertIn("the lease on certificates/renewal was lost", self.run_program("refresh")[2])
        self.assertNotIn(SECRET, self.azure.secrets)

    def test_all_machines_choose_the_same_moment_of_the_authoritys_window(self):
        now = self.clock.time()
        self.hold(issued(begins=now))
        self.azure.window = (now + 30 * DAY, now + 40 * DAY)
        moments = set()
        for name in ("one", "two"):
            self.machine(name)
            self.run_program("refresh")
            held = certificates.certificate_of(self.azure.secrets[SECRET]["value"], HOST)
            known = json.loads(pathlib.Path(certificates.STATE).read_text())["known"][held.serial]
            moments.add(certificates.moment_in(known["window"], held))
        [moment_] = moments
        self.assertTrue(self.azure.window[0] <= moment_ <= self.azure.window[1])
        self.clock.now += moment_ - now - 60
        self.refresh_until(60, ["one", "two"])
        self.assertEqual(self.orders, [])
        self.refresh_until(60, ["one", "two"])
        self.assertEqual(len(self.orders), 1)
        leaf = held.leaf
        number = leaf.serial_number.to_bytes(leaf.serial_number.bit_length() // 8 + 1, "big")
        encoded = [base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in (b"authority", number)]
        self.assertEqual(self.azure.identifiers[0], ".".join(encoded))

    def test_the_authority_is_asked_as_often_as_it_wants_and_a_new_window_counts(self):
        now = self.clock.time()
        self.hold(issued(begins=now))
        self.azure.window = (now + 58 * DAY, now + 59 * DAY)
        self.refresh_until(DAY, ["one"], step=600)
        self.assertEqual(len(self.azure.identifiers), 4)
        # It is to be revoked.
        self.azure.window = (now - 2 * DAY, now - DAY)
        self.refresh_until(7 * 3600, ["one"], step=600)
        self.assertEqual(len(self.orders), 1)

    def test_a_pause_is_a_refresh_at_least_and_a_day_at_most(self):
        now = self.clock.time()
        self.hold(issued(begins=now))
        self.azure.window = (now + 58 * DAY, now + 59 * DAY)
        for given, asked in (("1", 10), (str(10**9), 1)):
            self.azure.retry_after, self.azure.identifiers = given, []
            self.machine(f"asks {given}")
            self.refresh_until(600, [f"asks {given}"], step=60)
            self.assertEqual(len(self.azure.identifiers), asked)
        self.pass_(DAY)
        self.run_program("refresh")
        self.assertEqual(len(self.azure.identifiers), 2)

    def test_an_authority_that_says_nothing_of_renewals_is_believed_as_before(self):
        now = self.clock.time()
        self.hold(issued(begins=now))
        self.azure.window = (now + 80 * DAY, now + 81 * DAY)
        self.run_program("refresh")
        self.azure.window_status = 500
        self.pass_(70 * DAY)
        self.run_program("refresh")
        self.assertEqual(self.orders, [])
        # A machine that never heard a window takes two thirds of the life.
        self.machine("two")
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 1)

    def test_a_short_life_is_renewed_at_its_half(self):
        self.hold(issued(begins=self.clock.time(), days=6))
        self.pass_(2.9 * DAY)
        self.run_program("refresh")
        self.assertEqual(self.orders, [])
        self.pass_(0.2 * DAY)
        self.run_program("refresh")
        self.assertEqual(len(self.orders), 1)


class Challenges(Service):
    """A reverse proxy, as far as the authority sees it: answers what the file for nginx says."""

    def do_GET(self):
        token = self.path.removeprefix("/.well-known/acme-challenge/")
        thumbprint = pathlib.Path(certificates.THUMBPRINT).read_text().split('"')[3]
        self.server.asked.append(self.path)
        self.reply(200, f"{token}.{thumbprint}".encode())


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def authority():
    """Folder of the programs of Pebble, and of the client; none where they cannot be made here."""
    if not shutil.which("go"):
        return None, None
    cache = os.environ.get("LAB_CACHE", str(pathlib.Path.home() / ".cache/platform-lab"))
    build = subprocess.run([ROOT / "lab/pebble/build.sh", cache], check=True, capture_output=True, text=True)
    certificates.REQUIREMENTS = MACHINE / "lib/platform/acme-requirements.txt"
    client = pathlib.Path(cache, "acme-client", "%d.%d" % sys.version_info[:2])
    client.parent.mkdir(parents=True, exist_ok=True)
    with mock.patch.object(certificates, "CLIENT", client):
        certificates.install_client()
    return pathlib.Path(build.stdout.strip()), client


@unittest.skipUnless(shutil.which("go"), "Go is not there to build Pebble")
class AuthorityTest(CertificatesTest):
    """With a real authority: Pebble."""

    @classmethod
    def setUpClass(cls):
        cls.pebble, cls.client = authority()
        # Apart from the program, which has the client in another process.
        sys.path.append(str(cls.client))
        cls.acme_order = program("certificates/files/acme_order.py")

    def setUp(self):
        super().setUp()
        self.start = time.time()
        for module in (certificates, certificates.azure_services):
            self.patch("time", time, module)
        self.azure.now = time.time
        self.azure.publish = lambda path, value: self.management("set-txt", host=f"{path.rpartition('/')[2]}.chatbot.example.", value=value)
        self.patch("CLIENT", self.client)
        self.patch("ORDER", MACHINE / "lib/platform/acme_order.py")
        self.patch("AUTHORITIES", str(certificate(*NAMES)))
        self.challenges = self.serve(Challenges)
        self.start_authority()
        self.acme = {"directory": f"https://127.0.0.1:{self.acme_port}/dir", "profile": "default"}
        self.settings(refresh_seconds=1, acme=self.acme)
        self.keep("acme-account", pem_of(new_key()))
        self.azure.secrets["acme-account"]["attributes"]["created"] -= 100

    def start_authority(self):
        self.acme_port, self.acme_management, self.dns_management = free_port(), free_port(), free_port()
        self.dns = free_port(socket.SOCK_DGRAM)
        self.log = self.folder / "pebble.log"
        self.run_beside("pebble-challtestsrv", "-management", f"127.0.0.1:{self.dns_management}", "-dnsserver", f"127.0.0.1:{self.dns}",
                        "-http01", "", "-https01", "", "-tlsalpn01", "", "-doh", "", "-defaultIPv6", "", "-defaultIPv4", "127.0.0.1")
        own = str(certificate(*NAMES))
        configuration = {
            "listenAddress": f"127.0.0.1:{self.acme_port}",
            "managementListenAddress": f"127.0.0.1:{self.acme_management}",
            "certificate": own,
            "privateKey": own,
            "httpPort": self.challenges.server_port,
            "tlsPort": 443,
            "retryAfter": {"authz": 1, "order": 1},
            "profiles": {"default": {"description": "90 days", "validityPeriod": 90 * DAY}, "short": {"description": "6 days", "validityPeriod": 6 * DAY}},
        }
        (self.folder / "pebble.json").write_text(json.dumps({"pebble": configuration}))
        self.run_beside("pebble", "-strict", "-config", self.folder / "pebble.json", "-dnsserver", f"127.0.0.1:{self.dns}")
        for port in (self.acme_port, self.dns_management):
            for _ in range(600):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), 1).close()
                    break
                time.sleep(0.1)

    def run_beside(self, name, *arguments):
        environment = {**os.environ, "PEBBLE_VA_SLEEPTIME": "1", "PEBBLE_AUTHZREUSE": "0", "PEBBLE_WFE_NONCEREJECT": "20"}
        with open(self.log, "ab") as log:
            process = subprocess.Popen([self.pebble / name, *arguments], stdout=log, stderr=log, env=environment)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)

    def management(self, what, **content):
        """Of the DNS server for tests, or of the authority."""
        at = f"http://127.0.0.1:{self.dns_management}" if what.endswith("txt") else f"https://127.0.0.1:{self.acme_management}"
        request = urllib.request.Request(f"{at}/{what}", json.dumps(content).encode(), {"User-Agent": "test"})
        certificates.azure_services.DIRECT.open(request, timeout=10).close()

    def orders(self):
        """Those that became a certificate."""
        return self.log.read_text().count("Issued certificate serial")

    def held(self):
        return certificates.certificate_of(self.azure.secrets[SECRET]["value"], HOST)

    def set_window(self, begins, ends):
        window = {"suggestedWindow": {"start": moment(begins), "end": moment(ends)}}
        leaf = self.held().leaf.public_bytes(serialization.Encoding.PEM).decode()
        self.management("set-renewal-info/", certificate=leaf, ariResponse=json.dumps(window))

    def test_a_certificate_is_given_by_http_01_and_replaced_in_the_authoritys_window(self):
        for name in ("one", "two", "three"):
            self.machine(name)
            self.assertEqual(self.run_program("refresh")[0], 0)
        self.assertEqual(self.orders(), 1)
        self.assertTrue(self.challenges.asked)
        first = self.held()
        self.assertEqual(self.file(), first.pem)
        self.assertEqual(first.pem.count("BEGIN CERTIFICATE"), 2)
        self.assertAlmostEqual(first.life, 90 * DAY, delta=2)
        self.set_window(time.time() - 20, time.time() - 10)
        # Machines that forgot ask it now, and nothing keeps them from ordering but each other.
        for name in ("one", "two", "three"):
            shutil.rmtree(self.folder / name)
        blob = json.loads(self.azure.blob)
        blob[HOST].update(issued=0, after=0)
        self.azure.blob = json.dumps(blob).encode()
        for name in ("one", "two", "three"):
            self.machine(name)
            self.run_program("refresh")
        self.assertEqual(self.orders(), 2)
        self.assertNotEqual(self.held().serial, first.serial)
        self.assertIn("is a replacement of", self.log.read_text())

    def test_a_wildcard_is_given_by_dns_01(self):
        host = "*.chatbot.example"
        entry = {"host": host, "secret": SECRET, "source": "acme", "challenge": "dns-01"}
        self.settings(entry, refresh_seconds=1, acme={**self.acme, "profile": "short"})
        self.metadata.instance = {"subscriptionId": "s", "resourceGroupName": "rg"}
        self.patch("servers_of", lambda zone: ["127.0.0.1"], self.acme_order)
        self.patch("DNS_PORT", self.dns, self.acme_order)
        seen = []

        def in_this_process(arguments, **given):
            task = json.loads(given["input"])
            seen.append(task)
            return subprocess.CompletedProcess(arguments, 0, json.dumps({"chain": self.acme_order.place(task)}), "")

        self.patch("subprocess", mock.Mock(run=in_this_process, TimeoutExpired=subprocess.TimeoutExpired))
        self.patch("use", lambda *_: None)
        status, _, err = self.run_program("refresh")
        self.assertEqual((status, self.orders()), (0, 1), err)
        held = certificates.certificate_of(self.azure.secrets[SECRET]["value"], host)
        self.assertAlmostEqual(held.life, 6 * DAY, delta=2)
        path = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Network/dnsZones/chatbot.example/TXT/_acme-challenge"
        self.assertEqual(list(self.azure.records), [path])
        self.assertNotIn("PRIVATE", json.dumps(list(self.azure.records.values())))

    def test_what_the_authority_says_is_told_and_the_next_attempt_waits(self):
        self.challenges.end()
        _, _, err = self.run_program("refresh")
        self.assertRegex(err, rf"order of {HOST}: tried again at .*; before: {HOST}: urn:ietf:params:acme:error:connection")
        self.assertEqual((self.orders(), self.entry()["failures"], self.entry()["away"]), (0, 1, False))

    def test_an_authority_that_is_away_is_told(self):
        self.settings(refresh_seconds=1, acme={"directory": f"https://127.0.0.1:{free_port()}/dir"})
        _, _, err = self.run_program("refresh")
        self.assertIn("the authority does not answer", err)
        self.assertTrue(self.entry()["away"])

    def test_an_authority_that_forgot_everything_gives_one_all_the_same(self):
        self.run_program("refresh")
        settings = certificates.settings_of()
        account = self.azure.secrets["acme-account"]["value"]
        with mock.patch.object(certificates.Certificate, "identifier", "AAAA.BBBB"):
            answer = certificates.order(settings, settings["certificates"][0], account, self.held())
        self.assertTrue(certificates.certificate_of(answer, HOST))
        self.assertEqual(self.orders(), 2)


if __name__ == "__main__":
    unittest.main()
