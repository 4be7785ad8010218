"""Asks services of Azure as this machine's identity, and what programs share that wait for them.

The metadata service gives tokens; a token goes to the service for which it is, by HTTPS, and to nobody else."""

import contextlib
import fcntl
import http.client
import json
import os
import random
import re
import sys
import syslog
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

CONSOLE = "/dev/console"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

# https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
METADATA = "http://169.254.169.254"
TOKEN = "/metadata/identity/oauth2/token?api-version=2018-02-01&"
METADATA_AGAIN = (404, 410, 429)
AGAIN = (429,)
# https://learn.microsoft.com/azure/key-vault/general/authentication-requests-and-responses
VAULT_API = "7.4"
# https://learn.microsoft.com/rest/api/storageservices/authorize-with-azure-active-directory
STORAGE = "https://storage.azure.com/"
# https://learn.microsoft.com/rest/api/storageservices/versioning-for-the-azure-storage-services
STORAGE_VERSION = "2024-11-04"
ANSWER_SECONDS = 10
PAUSES = (1, 2, 4)
LONGEST_PAUSE_SECONDS = 15
# New rights take Azure up to ten minutes.
NEW_RIGHTS_SECONDS = 600


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token goes to nobody but the one whom it is for."""

    def redirect_request(self, *_):
        return None


DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}), NoRedirect)


class Unanswered(Exception):
    """Why a service gave nothing: for want of a right (`refused`), or in a way that passes by itself (`passing`)."""

    def __init__(self, reason, refused=False, passing=False, pause=0):
        super().__init__(reason)
        self.refused, self.passing, self.pause = refused, passing, pause


class OfOne(Unanswered):
    """Why one secret did not come; others may. It may be `missing`."""

    def __init__(self, reason, refused=False, missing=False):
        super().__init__(reason, refused)
        self.missing = missing


def ask(url, headers, again=AGAIN, receive=lambda answer: answer.read(), method="GET", body=None):
    """(status, headers, what `receive` made of a good answer). What is to be tried again is, for some seconds."""
    for pause in (*PAUSES, None):
        try:
            request = urllib.request.Request(url, body, headers, method=method)
            with DIRECT.open(request, timeout=ANSWER_SECONDS) as answer:
                return answer.status, answer.headers, receive(answer)
        except urllib.error.HTTPError as error:
            with error:
                status, received, body = error.code, error.headers, error.read()
        if pause is None or not (status in again or status >= 500) or wanted_pause(received) > LONGEST_PAUSE_SECONDS:
            return status, received, body
        time.sleep(max(pause, wanted_pause(received)) * random.uniform(1, 1.2))


def wanted_pause(headers):
    """Seconds of Retry-After; Azure sends no dates there."""
    value = headers.get("Retry-After") or ""
    return int(value) if value.isdecimal() else 0


@contextlib.contextmanager
def answers(who):
    try:
        yield
    except (OSError, http.client.HTTPException) as error:
        raise Unanswered(f"{who} does not answer: {getattr(error, 'reason', None) or error!r}", passing=True) from error


def host_of(url, what):
    """The host of the https:// address that stands in a file of settings."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" or not parts.hostname:
        raise Unanswered(f"{what}: given {url}, allowed is an https:// address; the role's variables say it")
    return parts.hostname


def new_token(resource, client_id):
    query = urllib.parse.urlencode({"resource": resource, "client_id": client_id})
    with answers("the metadata service"):
        status, headers, body = ask(f"{METADATA}{TOKEN}{query}", {"Metadata": "true"}, METADATA_AGAIN)
    content = parse(body)
    if status == 200 and isinstance(content.get("access_token"), str):
        return content["access_token"]
    why = " ".join(str(content[key]) for key in ("error", "error_description") if key in content)
    said = f"the metadata service answers {status} for identity {client_id}: {why}".rstrip(": ")
    raise Unanswered(said, passing=True, pause=wanted_pause(headers))


class Vault:
    """A Key Vault, as the identity."""

    def __init__(self, uri, client_id, where):
        self.uri = uri.rstrip("/")
        self.host = host_of(self.uri, where)
        self.client_id = client_id
        self.token = None

    def secret(self, name, new=None):
        """A secret as the vault has it: value, id, attributes, tags. With a `new` one, which is written before."""
        url = f"{self.uri}/secrets/{urllib.parse.quote(name, safe='')}?api-version={VAULT_API}"
        write = {"method": "PUT", "body": json.dumps(new).encode()} if new else {}
        with answers(self.host):
            self.token = self.token or new_token(self.resource(url), self.client_id)
            headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
            status, received, body = ask(url, headers, **write)
        body = parse(body)
        if status == 200 and isinstance(body.get("value"), str):
            return body
        error = body.get("error") if isinstance(body.get("error"), dict) else {}
        inner = error.get("innererror") if isinstance(error.get("innererror"), dict) else {}
        code = inner.get("code") or error.get("code") or ""
        said = f"{self.host} answers {status} {code}".rstrip()
        if status == 403:
            # Other refusals, as of a firewall or of a secret that is disabled, are no right that is not in effect yet.
            raise OfOne(f"{said} for {name} to identity {self.client_id}", refused=code == "ForbiddenByRbac")
        if status == 404:
            raise OfOne(f"{said} for {name}", missing=True)
        raise Unanswered(f"{said} for {name}", pause=wanted_pause(received))

    def resource(self, url):
        """For whom the vault wants a token to be: only for its own domain is one given to it."""
        status, headers, _ = ask(url, {})
        found = re.search(r'\bresource="([^"]*)"', headers.get("WWW-Authenticate") or "")
        if status != 401 or not found:
            raise Unanswered(f"{self.host} answers {status} and asks for no token", pause=wanted_pause(headers))
        domain = urllib.parse.urlsplit(found[1]).hostname
        if not domain or not self.host.endswith(f".{domain}"):
            raise Unanswered(f"{self.host} asks for a token for {found[1]}, which it does not belong to: it gets none")
        return found[1]


def seconds_for_new_rights(settings):
    """How long a refusal may still be a right that is not in effect yet: the machine was told of it with its settings."""
    with contextlib.suppress(OSError):
        return NEW_RIGHTS_SECONDS - max(0, time.time() - os.stat(settings).st_mtime)
    return 0


def pauses():
    """Seconds before each time that a service is asked again."""
    pause = 1
    while True:
        yield pause * random.uniform(0.5, 1)
        pause = min(2 * pause, LONGEST_PAUSE_SECONDS)


@contextlib.contextmanager
def locked(path):
    # For root only: whoever can read a file can lock it.
    with open(os.open(path, os.O_RDWR | os.O_CREAT, 0o600), "wb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield file


def parse(text):
    """A JSON object; an empty one where it is none."""
    try:
        content = json.loads(text)
    except ValueError:
        return {}
    return content if isinstance(content, dict) else {}


def read_json(path, otherwise):
    """A file's object; `otherwise` where there is none, or half of one."""
    try:
        with open(path, encoding="utf-8") as file:
            return parse(file.read()) or otherwise
    except (FileNotFoundError, UnicodeError):
        return otherwise


def write(path, text, uid=0, gid=0, mode=0o600):
    """All at once, and for good; nobody else reads it in between."""
    handle, new = tempfile.mkstemp(prefix=f".{os.path.basename(path)}.", dir=os.path.dirname(path))
    try:
        with open(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fchown(file.fileno(), uid, gid)
            os.fchmod(file.fileno(), mode)
            os.fsync(file.fileno())
        os.replace(new, path)
    except BaseException:
        os.unlink(new)
        raise
    # A machine that loses its power has it then under this name, too.
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def tell(line, waits):
    """The one who waits may be Ansible, which shows it only at the end: so to the journal and the console, too."""
    print(line, file=sys.stderr, flush=True)
    if waits:
        syslog.syslog(syslog.LOG_NOTICE, line)
        with contextlib.suppress(OSError), open(os.open(CONSOLE, os.O_WRONLY | os.O_NOCTTY), "wb") as console:
            console.write(f"{os.path.basename(sys.argv[0])}: {line}\n".encode())


class Teller:
    """Says a thing again only when it changed."""

    def __init__(self, said=None, waits=False):
        self.said = {} if said is None else said
        self.waits = waits

    def __call__(self, topic, text):
        if self.said.get(topic) == text:
            return
        if text is None:
            del self.said[topic]
            text = "well again"
        else:
            self.said[topic] = text
        tell(f"{topic}: {text}", self.waits)


def last_line(text):
    lines = text.split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


def masked(text, values):
    """Without the values that a command was given, and without a line of one that has several."""
    lines = [line for value in values for line in value.splitlines() if len(line) > 3]
    for value in sorted(filter(None, [*values, *lines]), key=len, reverse=True):
        text = text.replace(value, "***")
    return text
