"""Stand-ins for services of Azure, and the tests of programs that ask them."""

import contextlib
import functools
import io
import json
import os
import pathlib
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import unittest
from http.server import BaseHTTPRequestHandler, HTTPServer
from unittest import mock
from urllib.parse import parse_qs, urlsplit


class Service(BaseHTTPRequestHandler):
    def reply(self, status, content, headers=None):
        content = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        for name, value in {"Content-Length": len(content), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_):
        pass


class Metadata(Service):
    def do_GET(self):
        query = {key: values[0] for key, values in parse_qs(urlsplit(self.path).query).items()}
        self.server.asked.append(query)
        if urlsplit(self.path).path == "/metadata/instance/compute":
            self.reply(200, self.server.instance)
            return
        body = {"error": "invalid_request", "error_description": "Identity not found"}
        status = self.server.statuses.pop(0) if self.server.statuses else 200
        if self.headers.get("Metadata") != "true" or query.get("client_id") != "client-1":
            status = 400
        if status == 200:
            body = {"access_token": f"token for {query['resource']}", "expires_in": "86400"}
        self.reply(status, body)


@functools.cache
def certificate(*hosts):
    """A file with key and certificate of hosts, and of this machine."""
    folder = tempfile.TemporaryDirectory()
    unittest.addModuleCleanup(certificate.cache_clear)
    unittest.addModuleCleanup(folder.cleanup)
    files = [pathlib.Path(folder.name, name) for name in ("key.pem", "public.pem")]
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=service".split()
    command += ["-addext", ",".join(["subjectAltName=IP:127.0.0.1", *(f"DNS:{host}" for host in hosts)]), "-keyout", files[0], "-out", files[1]]
    subprocess.run(command, check=True, capture_output=True)
    both = pathlib.Path(folder.name, "both.pem")
    both.write_text("".join(file.read_text() for file in files))
    return both


class Clock:
    """Time that passes only by waiting."""

    def __init__(self):
        self.now = 0.0
        self.time, self.strftime, self.gmtime = time.time, time.strftime, time.gmtime
        self.strptime, self.localtime = time.strptime, time.gmtime
        # What happens before the wait of that number.
        self.events = {}
        self.waits = 0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.waits += 1
        self.events.pop(self.waits, lambda: None)()
        self.now += seconds


class MachineTest(unittest.TestCase):
    """Tests of one program, in a folder of their own."""

    program = None

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        os.mkfifo(self.folder / "console")
        self.console = os.open(self.folder / "console", os.O_RDWR | os.O_NONBLOCK)
        self.addCleanup(os.close, self.console)
        self.services = self.program.azure_services
        self.patch("CONSOLE", str(self.folder / "console"), self.services)
        self.patch("syslog", mock.Mock(), self.services)
        # Files are this user's: nobody else can be made their owner without root.
        self.patch("fchown", lambda *_: None, os)

    def patch(self, name, value, target=None):
        patcher = mock.patch.object(target or self.program, name, value)
        patcher.start()
        self.addCleanup(patcher.stop)

    def stop_the_clock(self):
        self.clock = Clock()
        self.patch("time", self.clock)
        self.patch("time", self.clock, self.services)

    def run_program(self, *arguments):
        """(exit status, standard output, standard error)."""
        out, err = io.StringIO(), io.StringIO()
        with mock.patch.object(sys, "argv", [self.program.__name__.replace("_", "-"), *arguments]):
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                status = self.program.main()
        return status, out.getvalue(), err.getvalue()

    def serve(self, handler, context=None):
        server = HTTPServer(("127.0.0.1", 0), handler)
        if context:
            server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        server.end = lambda: (server.shutdown(), server.server_close())
        server.asked, server.statuses = [], []
        self.addCleanup(server.end)
        return server

    def serve_as(self, *hosts, handler):
        """The service at those names, with TLS; and the metadata service."""
        self.metadata = self.serve(Metadata)
        self.patch("METADATA", f"http://127.0.0.1:{self.metadata.server_port}", self.services)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate(*hosts))
        service = self.serve(handler, context)
        request = self.services.urllib.request
        trusting = request.HTTPSHandler(context=ssl.create_default_context(cafile=certificate(*hosts)))
        opener = request.build_opener(request.ProxyHandler({}), self.services.NoRedirect, trusting)
        self.patch("DIRECT", opener, self.services)
        resolve = socket.getaddrinfo
        named = lambda name, *rest, **more: resolve("127.0.0.1" if name in hosts else name, *rest, **more)
        self.patch("getaddrinfo", named, socket)
        return service
