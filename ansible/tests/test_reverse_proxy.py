"""The reverse proxy: what a real nginx answers that role nginx-reverse-proxy configured, and to whom it passes requests."""

import contextlib
import json
import pathlib
import socket
import ssl
import subprocess
import tempfile
import threading
import unittest
import warnings

from reverse_proxies import Authority, Proxy, free_port, names, render, service, why_not

FRONT, WILD, BEHIND, OLD_PLAIN = "127.0.0.2", "127.0.0.3", "127.0.0.8", "127.0.0.9"
OLD_HOSTS = {"old.example": "127.0.0.10", "wrong.example": "127.0.0.11", "untrusted.example": "127.0.0.12"}
PORT = None
SHARES = [0, 10, 30, 60, 100]
# As many labels and bytes as DNS has.
LONG = ".".join(["x" * 61] * 3 + ["a" * 53, "example"])


def tier(host, address=FRONT, name="front"):
    return {"host": host, "tier": name, "address": address, "port": PORT, "share": 100}


def legacy(host, scheme, address):
    return {"host": host, "legacy": {"scheme": scheme, "address": address, "port": PORT}, "share": 0}


def shared(host, share):
    return {**tier(host), **legacy(host, "http", OLD_PLAIN), "share": share}


def cases(resolver, authorities):
    entry = [
        tier("www.a.example"),
        tier("*.a.example", WILD, "wild"),
        *(legacy(f"{name.split('.')[0]}.a.example", "https", name) for name in OLD_HOSTS),
        legacy("gone.a.example", "https", "gone.example"),
        shared("shared.a.example", 50),
        tier("api.dev.b.example"),
        tier("new.a.example"),
        tier("*.new.a.example", WILD, "wild"),
    ]
    forwards = [{"environment": "b", "address": BEHIND, "domain": "b.example", "hosts": ["www.b.example", "*.dev.b.example"]}]
    hosts = [route["host"] for route in entry] + forwards[0]["hosts"]
    limit = {"requests_per_second": 1, "burst": 2}
    return {
        "entry": {
            **{"routes": entry, "forwards": forwards, "certificates": hosts, "acme": True, "redirect": True},
            **{"strict_transport_security": 3600, "resolver": resolver, "authorities": str(authorities)},
        },
        # Its settings ask for a redirect, but none of its hosts has TLS here.
        "behind": {
            "routes": [tier("www.b.example"), tier("*.dev.b.example", WILD, "wild")],
            **{"trusted_proxies": ["127.0.0.1/32"], "redirect": True},
        },
        # While DNS moves: reached directly, and through the entry.
        "moving": {
            **{"routes": [tier("www.b.example")], "certificates": ["www.b.example"], "redirect": True},
            **{"trusted_proxies": ["127.0.0.1/32"], "client_limit": limit},
        },
        **{f"share{share}": {"routes": [shared("shared.a.example", share)]} for share in SHARES},
        "many": {"routes": [tier(LONG), tier(f"*.{LONG[4:]}"), *(tier(f"host-{n}.a.example") for n in range(600))]},
    }


@unittest.skipIf(why_not(), why_not())
class ReverseProxyTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        global PORT
        held = contextlib.ExitStack()
        cls.addClassCleanup(held.close)
        cls.folder = folder = pathlib.Path(held.enter_context(tempfile.TemporaryDirectory()))
        PORT = free_port(FRONT, WILD, BEHIND, OLD_PLAIN, *OLD_HOSTS.values())
        cls.authority = authority = Authority(folder)
        resolver = held.enter_context(names(OLD_HOSTS))
        cls.cases = cases(resolver, authority.file)
        cls.rendered = render(cls.cases, folder)

        for name, address in {"front": FRONT, "wild": WILD, "old-plain": OLD_PLAIN}.items():
            held.enter_context(service(name, address, PORT))
        for name, address in OLD_HOSTS.items():
            subject = "other.example" if name == "wrong.example" else name
            file = authority.certificate(subject, folder / f"{name}.pem", own=name == "untrusted.example")
            held.enter_context(service(name, address, PORT, file))

        def run(name, address="127.0.0.1", moved=None):
            proxy = Proxy(folder / name, address, moved)
            held.callback(proxy.stop)
            for host in cls.cases[name].get("certificates", []):
                authority.certificate(host, proxy.folder / "certificates" / f"{host.replace('*', 'any')}.pem")
            proxy.write(cls.rendered[name])
            return proxy

        cls.entry = run("entry", moved={f"server {BEHIND}:80 ": f"server {BEHIND}:{PORT} "})
        cls.entry.thumbprint("thumb-print_1")
        cls.entry.placeholders("new.a.example", "*.new.a.example", "www.b.example")
        cls.behind = run("behind", BEHIND)
        cls.behind.ports[80] = PORT
        cls.behind.write(cls.rendered["behind"])
        cls.moving = run("moving")
        cls.sharing = run("share0")
        cls.many = run("many")
        for proxy in (cls.entry, cls.behind, cls.moving, cls.sharing):
            proxy.start()

    def secure(self, url, *options, proxy=None):
        return (proxy or self.entry).ask(url, "--cacert", self.authority.file, *options)

    def passed(self, answer):
        """What the service behind was asked."""
        self.assertEqual(answer[0], 200, answer)
        return json.loads(answer[2])

    def handshake(self, name, minimum=None, maximum=None, ciphers=None):
        """(protocol, cipher, certificate)."""
        context = ssl.create_default_context(cafile=self.authority.file)
        context.check_hostname = False
        # Python warns of old versions.
        with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
            context.minimum_version = minimum or ssl.TLSVersion.TLSv1_2
            context.maximum_version = maximum or ssl.TLSVersion.TLSv1_3
        if ciphers:
            context.set_ciphers(ciphers)
        with socket.create_connection((self.entry.address, self.entry.ports[443]), 10) as plain:
            with context.wrap_socket(plain, server_hostname=name) as connection:
                return connection.version(), connection.cipher()[0], connection.getpeercert()

    def test_nginx_finds_no_fault_in_any_configuration(self):
        for name in self.rendered:
            with self.subTest(name):
                proxy = {"entry": self.entry, "moving": self.moving, "many": self.many}.get(name, self.behind)
                file = proxy.folder / "nginx.conf"
                kept = file.read_text()
                try:
                    proxy.write(self.rendered[name])
                    self.assertEqual(proxy.test(), (0, ""))
                finally:
                    file.write_text(kept)

    def test_https_is_answered_by_http_2_and_by_http_1_1_where_a_client_knows_no_other(self):
        for options, version in (([], "HTTP/2"), (["--http1.1"], "HTTP/1.1")):
            answer = self.secure("https://www.a.example/path?q=1", *options)
            self.assertEqual(answer[3], version)
            asked = self.passed(answer)
            self.assertEqual((asked["name"], asked["path"]), ("front", "/path?q=1"))
            told = {name: asked["headers"][f"x-forwarded-{name}"] for name in ("for", "proto", "host", "port")}
            port = str(self.entry.ports[443])
            self.assertEqual(told, {"for": "127.0.0.1", "proto": "https", "host": "www.a.example", "port": port})

    def test_each_host_shows_its_own_certificate(self):
        for asked, name in (("www", "www.a.example"), ("any-other", "*.a.example")):
            self.assertEqual(self.handshake(f"{asked}.a.example")[2]["subjectAltName"], (("DNS", name),))

    def test_protocols_and_ciphers_are_those_of_mozillas_intermediate_configuration(self):
        one_two, one_one = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_1
        self.assertEqual(self.handshake("www.a.example")[0], "TLSv1.3")
        allowed = "ECDHE-ECDSA-CHACHA20-POLY1305"
        self.assertEqual(self.handshake("www.a.example", maximum=one_two, ciphers=allowed)[:2], ("TLSv1.2", allowed))
        for cipher in ("ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA", "ECDHE-ECDSA-AES128-CCM"):
            with self.subTest(cipher), self.assertRaisesRegex(ssl.SSLError, "HANDSHAKE_FAILURE"):
                self.handshake("www.a.example", maximum=one_two, ciphers=cipher)
        with self.assertRaisesRegex(ssl.SSLError, "ALERT_PROTOCOL_VERSION"):
            self.handshake("www.a.example", minimum=one_one, maximum=one_one, ciphers="ALL:@SECLEVEL=0")

    def test_http_is_sent_on_to_https_with_its_path_and_method(self):
        status, headers, _, _ = self.entry.ask("http://www.a.example/form?a=b", "--data", "x=1")
        self.assertEqual((status, headers["location"]), (308, "https://www.a.example/form?a=b"))
        self.assertEqual(self.passed(self.secure("https://www.a.example/form", "--data", "x=1"))["body"], "x=1")

    def test_nobody_is_sent_on_to_a_certificate_that_is_for_the_time_being(self):
        for host in ("new.a.example", "any.new.a.example", "www.b.example"):
            with self.subTest(host):
                self.passed(self.entry.ask(f"http://{host}/"))
        self.assertEqual(self.entry.ask("http://other.a.example/")[0], 308)

    def test_browsers_are_told_to_use_https_over_https_only_and_once(self):
        self.assertEqual(self.secure("https://www.a.example/")[1]["strict-transport-security"], "max-age=3600")
        self.assertNotIn("strict-transport-security", self.entry.ask("http://www.a.example/")[1])

    def test_an_unknown_host_gets_421_and_its_handshake_is_refused(self):
        for host in ("unknown.example", "a.example", "two.labels.a.example", "x.www.b.example", "dev.b.example", "127.0.0.1"):
            with self.subTest(host):
                self.assertEqual(self.entry.ask(f"http://{host}/")[0], 421)
        for name in ("unknown.example", "two.labels.a.example", None):
            with self.subTest(name), self.assertRaisesRegex(ssl.SSLError, "UNRECOGNIZED_NAME"):
                self.handshake(name)

    def test_a_request_for_another_host_than_its_connection_gets_421(self):
        for host in ("www.b.example", "other.a.example", "unknown.example"):
            for version in ("--http2", "--http1.1"):
                with self.subTest(host, version=version):
                    answer = self.secure("https://www.a.example/", version, "--header", f"Host: {host}")
                    self.assertEqual(answer[0], 421)
        # Of one wildcard as well: the certificate would do for both.
        self.assertEqual(self.secure("https://one.a.example/", "--header", "Host: two.a.example")[0], 421)
        self.assertEqual(self.secure("https://www.a.example/", "--header", "Host: WWW.A.example:443")[0], 200)

    def test_exact_names_go_before_wildcards_also_those_of_other_environments(self):
        def name_of(host):
            return self.passed(self.secure(f"https://{host}/"))["name"]

        self.assertEqual([name_of(f"{label}.a.example") for label in ("www", "other", "old")], ["front", "wild", "old.example"])
        self.assertEqual([name_of(f"{label}.dev.b.example") for label in ("api", "other")], ["front", "wild"])

    def test_another_environment_gets_the_clients_address_and_the_name_of_the_request(self):
        told = self.passed(self.secure("https://www.b.example/", "--interface", "127.0.0.77", "--header", "Via: 1.1 me"))
        headers = told["headers"]
        self.assertEqual(told["name"], "front")
        self.assertEqual([headers["x-forwarded-for"], headers["x-real-ip"]], ["127.0.0.77"] * 2)
        port = str(self.entry.ports[443])
        self.assertEqual([headers["x-forwarded-proto"], headers["x-forwarded-port"]], ["https", port])
        self.assertRegex(headers["via"], r"^1\.1 \S+, 1\.1 \S+$")
        # Both logs have the same one.
        identifier = headers["x-request-id"]
        for proxy in (self.entry, self.behind):
            log = proxy.folder / "access.log"
            proxy.wait(lambda log=log: f" {identifier}\n" in log.read_text())
            line = next(line for line in log.read_text().splitlines() if line.endswith(identifier))
            self.assertTrue(line.startswith("127.0.0.77 "), line)

    def test_nobody_but_a_trusted_proxy_is_believed_about_a_client(self):
        lies = {"X_Forwarded_For": "192.0.2.1", "X_Forwarded_Proto": "https", "X_Forwarded_Port": "443", "Via": "1.0 me"}
        lies["X_Request_ID"] = "a" * 32
        asked = self.passed(self.behind.ask_from("127.0.0.5", "www.b.example", **lies))["headers"]
        self.assertEqual([asked["x-forwarded-for"], asked["x-real-ip"]], ["127.0.0.5"] * 2)
        self.assertEqual([asked["x-forwarded-proto"], asked["x-forwarded-port"]], ["http", str(PORT)])
        self.assertNotIn("1.0 me", asked["via"])
        self.assertNotEqual(asked["x-request-id"], "a" * 32)
        # The entry is no trusted proxy of itself.
        lie = self.secure("https://www.b.example/", "--header", "X-Forwarded-For: 192.0.2.1")
        self.assertEqual(self.passed(lie)["headers"]["x-forwarded-for"], "127.0.0.1")

    def test_a_proxy_without_certificates_serves_http_only(self):
        self.assertEqual(self.behind.ask_from("127.0.0.5", "www.b.example")[0], 200)
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((BEHIND, self.behind.ports[443]), 1)
        self.assertNotIn("ssl_", self.rendered["behind"])

    def test_what_came_over_https_to_a_trusted_proxy_is_not_sent_on(self):
        told = {"X_Forwarded_For": "192.0.2.8"}
        ask = lambda source, **headers: self.moving.ask_from(source, "www.b.example", **headers)[0]
        self.assertEqual(ask("127.0.0.1", X_Forwarded_Proto="https", **told), 200)
        self.assertEqual(ask("127.0.0.1", X_Forwarded_Proto="http", **told), 308)
        self.assertEqual(ask("127.0.0.5", X_Forwarded_Proto="https", **told), 308)

    def test_each_client_has_a_limit_of_its_own_also_behind_a_trusted_proxy(self):
        for client in ("192.0.2.1", "192.0.2.2"):
            told = {"X_Forwarded_For": client, "X_Forwarded_Proto": "https"}
            answers = [self.moving.ask_from("127.0.0.1", "www.b.example", **told) for _ in range(20)]
            self.assertEqual([status for status, _, _ in answers[:3]], [200] * 3)
            refused = [headers["retry-after"] for status, headers, _ in answers if status == 429]
            self.assertGreater(len(refused), 5)
            self.assertEqual(set(refused), {"1"})

    def test_a_challenge_is_answered_over_http_with_the_accounts_thumbprint(self):
        path = "/.well-known/acme-challenge/"
        for host in ("www.a.example", "any.a.example", "www.b.example"):
            status, headers, body, _ = self.entry.ask(f"http://{host}{path}to-ken_1")
            self.assertEqual((status, headers["content-type"], body), (200, "text/plain", "to-ken_1.thumb-print_1"))
        for wrong in ("", "a/b", "a%20b", "a.b"):
            self.assertEqual(self.entry.ask(f"http://www.a.example{path}{wrong}")[0], 404, wrong)
        self.assertEqual(self.entry.ask(f"http://unknown.example{path}token")[0], 421)
        self.assertNotIn("acme", self.rendered["moving"])

    def test_a_legacy_host_is_believed_with_a_certificate_of_its_name_only(self):
        asked = self.passed(self.secure("https://old.a.example/"))
        self.assertEqual((asked["name"], asked["sni"]), ("old.example", "old.example"))
        self.assertEqual(asked["headers"]["host"], "old.a.example")
        for label in ("wrong", "untrusted", "gone"):
            with self.subTest(label):
                self.assertEqual(self.secure(f"https://{label}.a.example/")[0], 502)
        log = (self.entry.folder / "error.log").read_text()
        self.assertIn("upstream SSL certificate does not match \"wrong.example\"", log)
        self.assertIn("upstream SSL certificate verify error", log)

    def test_a_share_of_the_clients_is_with_the_tier_and_nobody_changes_sides_without_need(self):
        clients = [f"127.0.1.{last}" for last in range(1, 101)]

        def sides(clients=clients, **headers):
            answers = {client: self.sharing.ask_from(client, "shared.a.example", **headers) for client in clients}
            tiers = {client for client, answer in answers.items() if self.passed(answer)["name"] == "front"}
            return tiers, {client: headers.get("set-cookie") for client, (_, headers, _) in answers.items()}

        def reload(share):
            self.sharing.write(self.rendered[f"share{share}"])
            self.sharing.reload()

        seen = {}
        for share in [*SHARES, 30]:
            reload(share)
            before = seen.get(share)
            seen[share], cookies = sides()
            self.assertAlmostEqual(len(seen[share]), len(clients) * share / 100, delta=0 if share in (0, 100) else 15)
            self.assertEqual(all(cookies.values()), share not in (0, 100))
            self.assertIn(before, (None, seen[share]))
        for less, more in zip(SHARES, SHARES[1:], strict=False):
            self.assertLess(seen[less], seen[more])

        # The cookie goes with its client, and not with the address.
        on_tier, on_legacy = (next(client for client in clients if (client in seen[30]) == there) for there in (True, False))
        for client in (on_tier, on_legacy):
            cookie, *attributes = cookies[client].split("; ")
            self.assertEqual(attributes, ["Path=/", "Max-Age=31536000", "HttpOnly", "SameSite=Lax"])
            with_cookie, again = sides(clients[:9], Cookie=f"a=b; {cookie}")
            self.assertEqual(with_cookie, set(clients[:9]) if client == on_tier else set())
            self.assertEqual(set(again.values()), {None})
        for broken in ("100", "-1", "x", "07"):
            with_cookie, again = sides(clients[:9], Cookie=f"platform_share={broken}")
            self.assertEqual(with_cookie, seen[30] & set(clients[:9]))
            self.assertTrue(all(again.values()))

    def test_a_cookie_of_a_share_over_https_comes_back_over_https_only(self):
        self.assertTrue(self.secure("https://shared.a.example/")[1]["set-cookie"].endswith("; Secure"))
        self.assertNotIn("set-cookie", self.secure("https://www.a.example/")[1])

    def test_an_upgraded_connection_goes_the_way_of_its_client(self):
        def echo(host, **headers):
            context = ssl.create_default_context(cafile=self.authority.file)
            lines = [f"GET / HTTP/1.1\r\nHost: {host}", "Connection: Upgrade", "Upgrade: websocket"]
            lines += [f"{name}: {value}" for name, value in headers.items()]
            with socket.create_connection((self.entry.address, self.entry.ports[443]), 10) as plain:
                with context.wrap_socket(plain, server_hostname=host) as connection:
                    connection.sendall("\r\n".join([*lines, "", ""]).encode())
                    answer = connection.makefile("rb")
                    status = answer.readline().split()[1]
                    while answer.readline().strip():
                        pass
                    connection.sendall(b"hello\n")
                    return status, answer.readline()

        for host, name in {"www.a.example": b"front", "www.b.example": b"front", "old.a.example": b"old.example"}.items():
            self.assertEqual(echo(host), (b"101", name + b":hello\n"), host)
        for number, name in ((0, b"front"), (99, b"old-plain")):
            self.assertEqual(echo("shared.a.example", Cookie=f"platform_share={number}"), (b"101", name + b":hello\n"))

    def test_a_reload_takes_a_new_certificate_and_costs_no_request(self):
        file = self.entry.folder / "certificates/www.a.example.pem"
        before = self.handshake("www.a.example")[2]["serialNumber"]
        self.authority.certificate("www.a.example", file)
        failed, done, asked = [], threading.Event(), []

        def ask():
            while not done.is_set() and len(asked) < 200:
                asked.append(1)
                try:
                    if self.secure("https://www.a.example/")[0] != 200:
                        failed.append("another status")
                except subprocess.CalledProcessError as error:
                    failed.append(error.stderr)

        client = threading.Thread(target=ask)
        client.start()
        try:
            for _ in range(3):
                self.entry.reload()
        finally:
            done.set()
            client.join()
        self.assertEqual(failed, [])
        self.assertGreater(len(asked), 5)
        self.assertNotEqual(self.handshake("www.a.example")[2]["serialNumber"], before)

    def test_nothing_is_used_that_was_never_set(self):
        for proxy in (self.entry, self.behind, self.moving, self.sharing):
            self.assertNotIn("uninitialized", (proxy.folder / "error.log").read_text())


if __name__ == "__main__":
    unittest.main()
