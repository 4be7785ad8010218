"""machine-learning: finds the intent of a sentence.

PORT                     where to listen
MAX_CONCURRENT_REQUESTS  on which it works; what is more is refused with 503, rather than all served late

The model is small: it is trained from intents.json when the service starts, in less than a second.
"""

import json
import os
import re
import signal
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

from classifier import Classifier

MACHINE = socket.gethostname()
LONGEST_TEXT = 10_000


class Handler(BaseHTTPRequestHandler):
    # HTTP/1.0, one request per connection: a load balancer chooses per connection, and draining needs no waiting.
    timeout = 10

    def do_GET(self):
        url = urlsplit(self.path)
        if url.path == "/health":
            self.answer(200, {"state": "ok"})
        elif url.path == "/intent":
            text = parse_qs(url.query).get("text", [""])[0]
            if not 0 < len(text) <= LONGEST_TEXT:
                self.answer(400, {"error": f"text must have 1 to {LONGEST_TEXT} characters, it has {len(text)}"})
                return
            if self.is_late():
                self.answer(504, {"error": "no time is left"})
                return
            if not self.server.room.acquire(blocking=False):
                self.answer(503, {"error": "busy"}, {"Retry-After": "1"})
                return
            try:
                intent, probability = self.server.classifier.intent(text)
            finally:
                self.server.room.release()
            self.answer(200, {"machine": MACHINE, "intent": intent, "probability": round(probability, 3)})
        else:
            self.answer(404, {"error": "nothing here"})

    def is_late(self):
        """Whether the caller waits no more, as it says by X-Request-Start and X-Request-Timeout (milliseconds)."""
        start = re.fullmatch(r"t=(\d+\.\d+)", self.headers.get("X-Request-Start", ""))
        timeout = re.fullmatch(r"\d+", self.headers.get("X-Request-Timeout", ""))
        return bool(start and timeout) and time.time() > float(start[1]) + int(timeout[0]) / 1000

    def answer(self, status, content, headers=None):
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    # server_close waits for requests that still run.
    daemon_threads = False
    request_queue_size = 128


def tell_systemd(state):
    address = os.environ.get("NOTIFY_SOCKET")
    if address:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.sendto(state.encode(), address.replace("@", "\0", 1) if address[0] == "@" else address)


def main():
    folder = os.path.dirname(os.path.abspath(__file__))
    with open(os.path.join(folder, "intents.json"), encoding="utf-8") as examples:
        classifier = Classifier(json.load(examples))

    server = Server(("", int(os.environ.get("PORT", "5000"))), Handler)
    server.classifier = classifier
    server.room = threading.BoundedSemaphore(int(os.environ.get("MAX_CONCURRENT_REQUESTS", "64")))

    def stop(*_):
        # From another thread: shutdown waits for the loop that this handler interrupts.
        threading.Thread(target=server.shutdown).start()

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    tell_systemd("READY=1")
    server.serve_forever(poll_interval=0.1)
    tell_systemd("STOPPING=1")
    server.server_close()


if __name__ == "__main__":
    main()
