"""What the lab has in place of GitLab: Git over HTTP, a health page, runners and jobs, and the commands of the Omnibus
package that the role gitlab uses. Addresses, fields and status codes are GitLab's; what is not here answers 404.

    standin.py serve                          the service, by what `ctl reconfigure` has made of gitlab.rb
    standin.py ctl reconfigure|start|stop|restart|status [SERVICE]
    standin.py backup create|restore BACKUP=ID
    standin.py rake gitlab:check

The user root has the first password, which is also its token for the API. Passwords and tokens are kept as what a key of
gitlab-secrets.json makes of them: as with GitLab, what was restored without its secrets knows nobody.
"""

import base64
import contextlib
import hashlib
import hmac
import http.server
import json
import os
import pathlib
import re
import secrets
import subprocess
import sys
import tarfile
import threading
import urllib.parse

import yaml

ROOT = pathlib.Path(os.environ.get("STANDIN_ROOT", "/"))
CONFIGURATION, DATA = ROOT / "etc/gitlab", ROOT / "var/opt/gitlab"
SETTINGS, STATE, REPOSITORIES = DATA / "settings.json", DATA / "state.json", DATA / "repositories"
SECRETS, FIRST_PASSWORD = CONFIGURATION / "gitlab-secrets.json", CONFIGURATION / "initial_root_password"
# Its copy for the service, which is not root.
KEY = DATA / "key"
BACKUPS = DATA / "backups"
SERVICE = "gitlab-runsvdir.service"
LONGEST_BODY = 1 << 30
NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


def own(path, mode):
    path.chmod(mode)
    if os.getuid() == 0:
        subprocess.run(["chown", "-R", "git:git", path], check=True)


def write(path, content, mode=0o600):
    new = path.with_name(f".{path.name}.new")
    new.write_text(content if isinstance(content, str) else json.dumps(content))
    new.chmod(mode)
    new.replace(path)


def mark(value):
    """How a password or a token is kept."""
    return hmac.new(KEY.read_bytes(), value.encode(), hashlib.sha256).hexdigest()


# ------------------------------------------------------------------------------------------------ commands


def reconfigure():
    text = (CONFIGURATION / "gitlab.rb").read_text()
    external = re.search(r"^external_url '([^']+)'$", text, re.MULTILINE)
    port = re.search(r"^nginx\['listen_port'\] = (\d+)$", text, re.MULTILINE)
    if not external or not port or not re.search(r"^nginx\['listen_https'\] = false$", text, re.MULTILINE):
        sys.exit("gitlab.rb: external_url, nginx['listen_port'] and nginx['listen_https'] = false must be there")
    DATA.mkdir(parents=True, exist_ok=True)
    if not SECRETS.exists():
        write(SECRETS, {"gitlab_rails": {"db_key_base": secrets.token_hex(64)}})
    write(KEY, json.loads(SECRETS.read_text())["gitlab_rails"]["db_key_base"])
    if not STATE.exists():
        password = secrets.token_urlsafe(24)
        write(FIRST_PASSWORD, f"# The first password of root.\nPassword: {password}\n")
        write(STATE, {"users": {"root": mark(password)}, "projects": {}, "runners": {}, "jobs": []})
    REPOSITORIES.mkdir(exist_ok=True)
    before = SETTINGS.read_text() if SETTINGS.exists() else ""
    write(SETTINGS, {"external_url": external[1], "port": int(port[1]), "key": mark("")})
    own(DATA, 0o755)
    # As runit's: enabled for each boot, and restarted where it has something new to read.
    systemctl("enable", SERVICE)
    systemctl("start" if SETTINGS.read_text() == before else "restart", SERVICE)


def systemctl(*arguments):
    subprocess.run(["systemctl", *arguments], check=True)


def ctl(command, service=None):
    if command == "reconfigure":
        reconfigure()
    # The web server is all that this has.
    elif service in (None, "puma"):
        systemctl(command, SERVICE)


def backup(command, *given):
    archive = BACKUPS / f"{dict(each.split('=', 1) for each in given)['BACKUP']}_gitlab_backup.tar"
    if command == "create":
        BACKUPS.mkdir(mode=0o700, exist_ok=True)
        with tarfile.open(archive, "w") as tar:
            for path in (STATE, REPOSITORIES):
                tar.add(path, path.name)
    else:
        subprocess.run(["rm", "-rf", STATE, REPOSITORIES], check=True)
        with tarfile.open(archive) as tar:
            tar.extractall(DATA, filter="data")
        own(DATA, 0o755)


def rake(task, *_):
    state = json.loads(STATE.read_text())
    missing = [name for name in state["projects"] if not (REPOSITORIES / f"{name}.git").exists()]
    if task != "gitlab:check" or missing:
        sys.exit(f"{task}: no repository of {', '.join(missing) or 'this task'}")


# ------------------------------------------------------------------------------------------------ the service


class Refused(Exception):
    def __init__(self, status, message="", headers=None):
        super().__init__(message)
        self.status, self.headers = status, headers or {}


class State:
    """All that is known besides repositories."""

    def __init__(self):
        self.lock = threading.Lock()
        self.content = json.loads(STATE.read_text())

    @contextlib.contextmanager
    def change(self):
        with self.lock:
            yield self.content
            write(STATE, self.content)


class GitLab(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "Stand-in"
    state = settings = None

    def do_any(self):
        address = urllib.parse.urlsplit(self.path)
        try:
            if "chunked" in self.headers.get("Transfer-Encoding", ""):
                raise Refused(411)
            length = int(self.headers.get("Content-Length") or 0)
            if length > LONGEST_BODY:
                raise Refused(413)
            self.answer(address, self.rfile.read(length))
        except Refused as error:
            self.close_connection = True
            self.reply(error.status, {"message": f"{error.status} {error}".strip()}, error.headers)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_any

    def reply(self, status, content=b"", headers=None):
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        kind = {} if isinstance(content, bytes) else {"Content-Type": "application/json"}
        self.send_response(status)
        for name, value in {**kind, "Content-Length": len(body), **(headers or {})}.items():
            self.send_header(name, str(value))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def answer(self, address, body):
        if address.path in ("/-/health", "/-/liveness", "/-/readiness"):
            # Like GitLab's: for the machine itself alone.
            if self.client_address[0] != "127.0.0.1":
                raise Refused(404)
            return self.reply(200, {"status": "ok"})
        if address.path == "/":
            return self.reply(200, b"GitLab, the lab's stand-in\n", {"Content-Type": "text/plain"})
        if found := re.fullmatch(r"/root/([^/]+)\.git/(info/refs|git-upload-pack|git-receive-pack)", address.path):
            return self.git(*found.groups(), address.query, body)
        if found := re.fullmatch(r"/api/v4/(.+)", address.path):
            return self.api(self.command, found[1].split("/"), body)
        raise Refused(404)

    # -------------------------------------------------------------------------------- the API

    def given(self, body):
        if self.headers.get("Content-Type", "").startswith("application/json"):
            return json.loads(body or b"{}")
        return dict(urllib.parse.parse_qsl(body.decode()))

    def api(self, method, path, body):
        match method, path:
            case "POST", ["runners", "verify"]:
                return self.reply(200, {"id": self.runner(self.given(body).get("token"))})
            case "POST", ["jobs", "request"]:
                return self.request_job(self.given(body).get("token"))
            case "PATCH", ["jobs", number, "trace"]:
                with self.state.change():
                    self.job(number, self.headers.get("Job-Token"))["trace"] += body.decode(errors="replace")
                return self.reply(202)
            case "PUT", ["jobs", number]:
                given = self.given(body)
                with self.state.change():
                    self.job(number, given.get("token"))["status"] = given["state"]
                return self.reply(200)
        token = self.headers.get("PRIVATE-TOKEN") or ""
        if not hmac.compare_digest(mark(token), self.state.content["users"]["root"]):
            raise Refused(401, "Unauthorized")
        match method, path:
            case "POST", ["user", "runners"]:
                token = f"glrt-{secrets.token_urlsafe(20)}"
                with self.state.change() as state:
                    number = len(state["runners"]) + 1
                    state["runners"][mark(token)] = number
                return self.reply(201, {"id": number, "token": token})
            case "POST", ["projects"]:
                return self.make_project(self.given(body).get("name", ""))
            case "GET", ["projects", number, "jobs"]:
                jobs = [job for job in self.state.content["jobs"] if str(job["project"]) == number]
                return self.reply(200, [{name: job[name] for name in ("id", "name", "status", "sha")} for job in jobs])
            case "GET", ["projects", _, "jobs", number, "trace"]:
                found = [job["trace"] for job in self.state.content["jobs"] if str(job["id"]) == number]
                if found:
                    return self.reply(200, found[0].encode(), {"Content-Type": "text/plain"})
        raise Refused(404, "Not Found")

    def runner(self, token):
        number = self.state.content["runners"].get(mark(token or ""))
        if number is None:
            raise Refused(403, "Forbidden")
        return number

    def job(self, number, token):
        for job in self.state.content["jobs"]:
            if str(job["id"]) == number and token and hmac.compare_digest(job["token"], mark(token)):
                if job["status"] != "running":
                    break
                return job
        raise Refused(403, "Forbidden")

    def make_project(self, name):
        if not NAME.fullmatch(name):
            raise Refused(400, "name: lower-case letters, digits, - and _")
        with self.state.change() as state:
            if name in state["projects"]:
                raise Refused(400, "name has already been taken")
            state["projects"][name] = number = len(state["projects"]) + 1
            command = ["git", "init", "--quiet", "--bare", "--initial-branch=main", str(REPOSITORIES / f"{name}.git")]
            subprocess.run(command, check=True)
        url = f"{self.settings['external_url']}/root/{name}.git"
        self.reply(201, {"id": number, "path_with_namespace": f"root/{name}", "http_url_to_repo": url})

    def request_job(self, token):
        runner, job_token = self.runner(token), secrets.token_urlsafe(20)
        with self.state.change() as state:
            job = next((job for job in state["jobs"] if job["status"] == "pending"), None)
            if job:
                job |= {"status": "running", "runner": runner, "token": mark(job_token)}
        if not job:
            return self.reply(204)
        name = next(name for name, number in self.state.content["projects"].items() if number == job["project"])
        variables = {"CI": "true", "CI_JOB_ID": job["id"], "CI_JOB_NAME": job["name"], "CI_COMMIT_SHA": job["sha"]}
        self.reply(
            201,
            {
                "id": job["id"],
                "token": job_token,
                "git_info": {"repo_url": f"{self.settings['external_url']}/root/{name}.git", "sha": job["sha"]},
                "steps": [{"name": "script", "script": job["script"]}],
                "variables": [{"key": key, "value": str(value)} for key, value in variables.items()],
            },
        )

    # -------------------------------------------------------------------------------- Git

    def git(self, name, service, query, body):
        writes = service == "git-receive-pack" or "service=git-receive-pack" in query
        self.login(writes)
        if name not in self.state.content["projects"]:
            raise Refused(404)
        before = self.heads(name) if service == "git-receive-pack" else {}
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(REPOSITORIES),
            "GIT_HTTP_EXPORT_ALL": "1",
            "PATH_INFO": f"/{name}.git/{service}",
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            # Whom `git http-backend` lets write.
            "REMOTE_USER": "root",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        said = subprocess.run(["git", "http-backend"], env=environment, input=body, stdout=subprocess.PIPE, check=True)
        head, _, content = said.stdout.partition(b"\r\n\r\n")
        headers = dict(line.split(": ", 1) for line in head.decode("latin-1").split("\r\n"))
        if service == "git-receive-pack":
            self.make_jobs(name, before)
        self.reply(int(headers.pop("Status", "200").split()[0]), content, headers)

    def login(self, writes):
        scheme, _, given = self.headers.get("Authorization", "").partition(" ")
        user, _, password = base64.b64decode(given if scheme == "Basic" else "").decode(errors="replace").partition(":")
        users, jobs = self.state.content["users"], self.state.content["jobs"]
        marked = mark(password)
        if user in users and hmac.compare_digest(users[user], marked):
            return
        reads = user == "gitlab-ci-token" and any(job["token"] == marked and job["status"] == "running" for job in jobs)
        if writes or not reads:
            raise Refused(401, "Unauthorized", {"WWW-Authenticate": 'Basic realm="GitLab"'})

    def heads(self, name):
        command = ["git", "-C", str(REPOSITORIES / f"{name}.git"), "for-each-ref", "--format=%(refname) %(objectname)", "refs/heads"]
        listed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        return dict(line.split() for line in listed.splitlines())

    def make_jobs(self, name, before):
        repository = str(REPOSITORIES / f"{name}.git")
        for _, commit in self.heads(name).items() - before.items():
            command = ["git", "-C", repository, "show", f"{commit}:.gitlab-ci.yml"]
            shown = subprocess.run(command, capture_output=True, text=True, check=False).stdout
            pipeline = yaml.safe_load(shown) or {}
            with self.state.change() as state:
                for job, content in pipeline.items():
                    if isinstance(content, dict) and "script" in content:
                        script = content["script"] if isinstance(content["script"], list) else [content["script"]]
                        base = {"id": len(state["jobs"]) + 1, "project": state["projects"][name], "name": job, "sha": commit}
                        state["jobs"].append({**base, "script": script, "status": "pending", "token": "", "trace": ""})

    def log_message(self, *arguments):
        print(f"{self.client_address[0]} {self.headers.get('X-Forwarded-For', '-') if hasattr(self, 'headers') else '-'}",
              arguments[0] % arguments[1:], flush=True)


def serve():
    GitLab.settings, GitLab.state = json.loads(SETTINGS.read_text()), State()
    http.server.ThreadingHTTPServer(("0.0.0.0" if ROOT == pathlib.Path("/") else "127.0.0.1", GitLab.settings["port"]), GitLab).serve_forever()


if __name__ == "__main__":
    {"serve": serve, "ctl": ctl, "backup": backup, "rake": rake}[sys.argv[1]](*sys.argv[2:])
