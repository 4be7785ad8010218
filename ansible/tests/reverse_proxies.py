"""Reverse proxies as role nginx-reverse-proxy configures them, on addresses of the loopback interface, and what is behind."""

import contextlib
import http.client
import json
import os
import pathlib
import re
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import yaml

ROLES = pathlib.Path(__file__).parent.parent / "roles"
LEAST = (1, 25, 1)


def why_not():
    """Why no reverse proxy can be run here, or None."""
    missing = [name for name in ("nginx", "openssl", "curl", "ansible-playbook") if shutil.which(name) is None]
    if missing:
        return f"not installed: {', '.join(missing)} (bin/setup lab brings nginx)"
    version = re.search(r"nginx/([\d.]+)", subprocess.run(["nginx", "-v"], capture_output=True, text=True).stderr)[1]
    if tuple(map(int, version.split("."))) < LEAST:
        return f"nginx {version} is too old: Debian 13 has 1.26 (bin/setup lab brings it)"
    return None


def free_port(*addresses, kind=socket.SOCK_STREAM):
    """A port that is free at each of the addresses."""
    while True:
        with contextlib.ExitStack() as held:
            port = 0
            try:
                for address in addresses:
                    one = held.enter_context(socket.socket(type=kind))
                    one.bind((address, port))
                    port = one.getsockname()[1]
                return port
            except OSError:
                continue


def render(cases, folder):
    """Has Ansible itself check the values and render the role's template, once for each case, with the role's defaults."""
    role = ROLES / "nginx-reverse-proxy"
    specification = yaml.safe_load((role / "meta/argument_specs.yml").read_text())["argument_specs"]["main"]["options"]
    playbook = [
        {
            "hosts": "all",
            "gather_facts": False,
            # It is named, so that its defaults count, and does nothing.
            "roles": [{"role": "nginx-reverse-proxy", "when": False}],
            "tasks": [
                {"ansible.builtin.validate_argument_spec": {"argument_spec": specification}},
                {
                    "ansible.builtin.template": {
                        "src": str(role / "templates/nginx.conf.j2"),
                        "dest": f"{folder}/{{{{ inventory_hostname }}}}.conf",
                        "mode": "0644",
                    }
                },
            ],
        }
    ]
    hosts = {
        name: {
            "ansible_connection": "local",
            "ansible_python_interpreter": "python3",
            **{f"nginx_reverse_proxy_{key}": value for key, value in variables.items()},
        }
        for name, variables in cases.items()
    }
    for name, content in {"play.json": playbook, "hosts.json": {"all": {"hosts": hosts}}}.items():
        (folder / name).write_text(json.dumps(content))
    environment = {**os.environ, "ANSIBLE_STRATEGY": "linear", "ANSIBLE_ROLES_PATH": str(ROLES)}
    command = ["ansible-playbook", "-i", folder / "hosts.json", folder / "play.json"]
    run = subprocess.run(command, cwd=ROLES.parent, env=environment, capture_output=True, text=True)
    assert run.returncode == 0, run.stdout + run.stderr
    return {name: (folder / f"{name}.conf").read_text() for name in cases}


class Authority:
    """Of certificates for the hosts of a test."""

    def __init__(self, folder):
        self.folder = folder
        self.file = folder / "authority.pem"
        self._openssl("-subj", "/CN=authority", "-keyout", folder / "authority.key", "-out", self.file)

    def _openssl(self, *arguments):
        command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1".split()
        subprocess.run([*command, *arguments], check=True, capture_output=True)

    def certificate(self, host, file, own=False):
        """Writes key and certificate of a host into one file; signed by itself where `own`."""
        names = ["-subj", "/CN=host", "-addext", f"subjectAltName=DNS:{host}", "-addext", "basicConstraints=CA:FALSE"]
        signer = [] if own else ["-CA", self.file, "-CAkey", self.folder / "authority.key"]
        key, public = file.with_suffix(".key"), file.with_suffix(".crt")
        self._openssl(*names, *signer, "-keyout", key, "-out", public)
        file.write_text(key.read_text() + public.read_text())
        key.unlink()
        return file


class Proxy:
    """An nginx with a rendered configuration; its ports 80 and 443 are others, its paths are below a folder."""

    def __init__(self, folder, address="127.0.0.1", moved=None):
        self.folder = folder
        (folder / "certificates").mkdir(parents=True)
        (folder / "mime.types").write_text("types { text/html html; }")
        self.thumbprint("")
        self.placeholders()
        self.address = address
        self.ports = {port: free_port(address) for port in (80, 443)}
        self.moved = moved or {}
        self.process = None

    def thumbprint(self, value):
        (self.folder / "acme.conf").write_text(f'map "" $acme_thumbprint {{ default "{value}"; }}')

    def placeholders(self, *hosts):
        entries = "".join(f'"{host}" 1; ' for host in hosts)
        (self.folder / "placeholders.conf").write_text(f'map $certificate $placeholder {{ default ""; {entries}}}')

    def write(self, text):
        folder = str(self.folder)
        text = re.sub(r"listen (80|443)\b", lambda match: f"listen {self.address}:{self.ports[int(match[1])]}", text)
        temporary = "".join(
            f"    {kind}_temp_path {folder}/{kind};\n" for kind in "client_body proxy fastcgi uwsgi scgi".split()
        )
        moved = {
            # Its folder is this user's.
            "user www-data;": "user root;" if os.geteuid() == 0 else "",
            "worker_processes auto;": "worker_processes 2;",
            "/run/nginx.pid": f"{folder}/nginx.pid",
            "/var/log/nginx": folder,
            "/etc/nginx": folder,
            "http {\n": f"http {{\n{temporary}",
            **self.moved,
        }
        for old, new in moved.items():
            text = text.replace(old, new)
        (self.folder / "nginx.conf").write_text(text)

    def test(self):
        """What nginx itself says of the configuration."""
        command = ["nginx", "-t", "-q", "-p", self.folder, "-c", self.folder / "nginx.conf"]
        run = subprocess.run(command, capture_output=True, text=True)
        return run.returncode, run.stderr

    def start(self):
        command = ["nginx", "-p", self.folder, "-c", self.folder / "nginx.conf", "-g", "daemon off;"]
        self.process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        self.wait(lambda: socket.create_connection((self.address, self.ports[80]), 1).close() is None)

    def reload(self):
        """Returns once none but the new workers take connections."""
        old = self.workers()
        self.process.send_signal(1)
        self.wait(lambda: not old & self.workers())

    def workers(self):
        return set((pathlib.Path("/proc") / f"{self.process.pid}/task/{self.process.pid}/children").read_text().split())

    def wait(self, ready):
        for _ in range(200):
            with contextlib.suppress(OSError):
                if ready():
                    return
            time.sleep(0.05)
        raise AssertionError(f"nginx is not ready: {self.test()}")

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait(10)

    def ask(self, url, *options):
        """(status, headers by their names in lower case, body, version of HTTP), as curl sees them."""
        command = ["curl", "--silent", "--show-error", "--noproxy", "*", "--max-time", "10", "--dump-header", "-"]
        for port, own in self.ports.items():
            command += ["--connect-to", f":{port}:{self.address}:{own}"]
        run = subprocess.run([*command, *options, url], capture_output=True, text=True, check=True)
        head, _, body = run.stdout.replace("\r\n", "\n").partition("\n\n")
        first, *lines = head.splitlines()
        headers = {}
        for line in lines:
            name, _, value = line.partition(": ")
            headers.setdefault(name.lower(), []).append(value)
        return int(first.split()[1]), {name: ", ".join(values) for name, values in headers.items()}, body, first.split()[0]

    def ask_from(self, source, host, path="/", **headers):
        """The same over HTTP from an address of the client; without a process for each."""
        connection = http.client.HTTPConnection(self.address, self.ports[80], 10, source_address=(source, 0))
        connection.request("GET", path, headers={"Host": host, **{k.replace("_", "-"): v for k, v in headers.items()}})
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        body = answer.read().decode()
        connection.close()
        return answer.status, told, body


class Service(BaseHTTPRequestHandler):
    """Tells who it is and what it was asked; echoes what comes over an upgraded connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        if self.headers.get("Upgrade") == "websocket":
            self.send_response(101)
            self.send_header("Connection", "upgrade")
            self.send_header("Upgrade", "websocket")
            self.end_headers()
            self.wfile.write(self.server.name.encode() + b":" + self.rfile.readline())
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length") or 0)
        asked = {name.lower(): value for name, value in self.headers.items()}
        names = getattr(self.connection, "asked_name", None)
        told = {"name": self.server.name, "path": self.path, "sni": names, "body": self.rfile.read(length).decode()}
        body = json.dumps({**told, "headers": asked}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Strict-Transport-Security", "max-age=1")
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    def handle_error(self, *_):
        pass


@contextlib.contextmanager
def service(name, address, port, certificate=None):
    server = Server((address, port), Service)
    server.name = name
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate)
        context.sni_callback = lambda connection, asked, _: setattr(connection, "asked_name", asked)
        server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()


@contextlib.contextmanager
def names(addresses):
    """A DNS server that knows IPv4 addresses by their names; yields where it is."""
    with socket.socket(type=socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))

        def answer():
            with contextlib.suppress(OSError):
                while True:
                    question, client = server.recvfrom(512)
                    end = question.index(b"\0", 12)
                    labels, at = [], 12
                    while at < end:
                        labels.append(question[at + 1 : at + 1 + question[at]].decode())
                        at += 1 + question[at]
                    address = addresses.get(".".join(labels))
                    head = question[:2] + struct.pack("!HHHHH", 0x8180 if address else 0x8183, 1, 1 if address else 0, 0, 0)
                    record = struct.pack("!HHHLH", 0xC00C, 1, 1, 60, 4) + socket.inet_aton(address) if address else b""
                    server.sendto(head + question[12 : end + 5] + record, client)

        threading.Thread(target=answer, daemon=True).start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
