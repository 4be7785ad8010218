"""Stands in for the Azure Linux agent and its extensions, inside one of the lab's machines.

The lab's daemon has the machine's systemd start it, and talks to it in lines of JSON: what to do on standard input,
what was seen on standard output. It ends when its input ends; scripts that it started go on, and the next agent finds
them. Standard library only, and nothing is installed in the machine.
"""
import fcntl
import hashlib
import http.client
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import threading
import time

SCRIPTS = "/var/lib/waagent/custom-script"
HEALTH = "/run/lab-agent-health.json"
HOME = "/root"
BEAT_SECONDS = 2
PROBE_TIMEOUT_SECONDS = 30
KEPT_OUTPUT = 64 * 1024


class Judge:
    """The Application Health extension's state, from one answer after the other.

    As in Azure's extension: a state changes after `probes` equal answers; the first answer counts at once. With a
    grace period the state is Initializing until `probes` equal answers other than `failed`, or until the period has
    passed: then it is `failed`.
    """

    def __init__(self, probes, grace, failed, known=None):
        self.probes = probes
        self.grace = grace
        self.failed = failed
        self.state = known or ("Initializing" if grace > 0 else None)
        self.last = None
        self.equal = 0

    def observe(self, answer, age):
        """Returns the state after an answer that came `age` seconds after the machine's start."""
        self.equal = self.equal + 1 if answer == self.last else 1
        self.last = answer
        if self.state == "Initializing":
            if age >= self.grace:
                self.state, self.last, self.equal = self.failed, self.failed, 1
            elif self.equal >= self.probes and answer != self.failed:
                self.state = answer
        elif self.state is None or self.equal >= self.probes:
            self.state = answer
        return self.state


def failed_answer(config):
    """What no answer, or a wrong one, means: only rich states over HTTP know Unknown."""
    return "Unknown" if config["rich"] and config["protocol"] != "tcp" else "Unhealthy"


def judge_response(status, body, rich):
    """What an HTTP response says of the application."""
    if not rich:
        return "Healthy" if status == 200 else "Unhealthy"
    if not 200 <= status <= 299:
        return "Unknown"
    try:
        state = next(value for key, value in json.loads(body).items() if key.lower() == "applicationhealthstate")
    except (ValueError, AttributeError, StopIteration):
        return "Unknown"
    return state if state in ("Healthy", "Unhealthy") else "Unknown"


def probe(config):
    """Asks the application's endpoint once. A redirection is not followed, a certificate not verified: as in Azure."""
    try:
        if config["protocol"] == "tcp":
            socket.create_connection(("127.0.0.1", config["port"]), PROBE_TIMEOUT_SECONDS).close()
            return "Healthy"
        if config["protocol"] == "https":
            # pylint: disable-next=protected-access
            context = ssl._create_unverified_context()
            connection = http.client.HTTPSConnection(
                "127.0.0.1", config["port"], timeout=PROBE_TIMEOUT_SECONDS, context=context)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", config["port"], timeout=PROBE_TIMEOUT_SECONDS)
        try:
            path = "/" + (config.get("path") or "").lstrip("/")
            connection.request("GET", path, headers={
                "Host": "localhost", "User-Agent": "ApplicationHealthExtension/1.0", "Connection": "close"})
            response = connection.getresponse()
            return judge_response(response.status, response.read(KEPT_OUTPUT), config["rich"])
        finally:
            connection.close()
    except (OSError, http.client.HTTPException):
        return failed_answer(config)


def machine_age():
    """Seconds since the machine's init was started."""
    with open("/proc/1/stat", encoding="utf8") as file:
        started = int(file.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")
    # In a container /proc/uptime may be the container's own; the boot-time clock is what /proc/1/stat counts by.
    return time.clock_gettime(time.CLOCK_BOOTTIME) - started


class Health:
    """Probes the application in the configured rhythm, and reports the state when it changes."""

    def __init__(self, config, report):
        self.config = config
        self.report = report
        self.stopped = threading.Event()
        threading.Thread(target=self.run, daemon=True).start()

    def stop(self):
        self.stopped.set()

    def run(self):
        grace = self.config["grace"] if self.config["rich"] else 0
        judge = Judge(self.config["probes"], grace, failed_answer(self.config), self.remembered())
        if judge.state:
            self.report(judge.state)
        while not self.stopped.is_set():
            started = time.monotonic()
            before = judge.state
            state = judge.observe(probe(self.config), machine_age())
            if self.stopped.is_set():
                return
            if state != before:
                self.remember(state)
                self.report(state)
            self.stopped.wait(max(0.05, self.config["interval"] - (time.monotonic() - started)))

    def remembered(self):
        """The state at which an agent before this one arrived since the machine's start, with the same settings."""
        try:
            with open(HEALTH, encoding="utf8") as file:
                known = json.load(file)
            return known["state"] if known["config"] == self.config else None
        except (OSError, ValueError, KeyError):
            return None

    def remember(self, state):
        try:
            with open(HEALTH + ".new", "w", encoding="utf8") as file:
                json.dump({"config": self.config, "state": state}, file)
            os.replace(HEALTH + ".new", HEALTH)
        except OSError:
            pass


def listens_on_ssh(tables=("/proc/net/tcp", "/proc/net/tcp6")):
    """Whether something listens on port 22; asked of the kernel, so that sshd's log has no trace of it."""
    for table in tables:
        try:
            with open(table, encoding="utf8") as file:
                for line in file.readlines()[1:]:
                    fields = line.split()
                    if fields[1].endswith(":0016") and fields[3] == "0A":
                        return True
        except OSError:
            continue
    return False


def has_default_route(table="/proc/net/route"):
    with open(table, encoding="utf8") as file:
        return any(line.split()[1] == "00000000" for line in file.readlines()[1:])


def first_boot_configured(status="/run/cloud-init/status.json"):
    """Users, keys and host keys are set up, and sshd was restarted with them: cloud-init's first three stages."""
    try:
        with open(status, encoding="utf8") as file:
            return json.load(file)["v1"]["modules-config"]["finished"] is not None
    except (OSError, ValueError, KeyError, TypeError):
        return False


def is_ready():
    return first_boot_configured() and listens_on_ssh() and has_default_route()


def environment():
    """What a login in the machine gets from /etc/environment, and a plain PATH."""
    result = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": HOME, "LANG": "C.UTF-8"}
    try:
        with open("/etc/environment", encoding="utf8") as file:
            for line in file:
                name, equals, value = line.strip().partition("=")
                if equals and not name.startswith("#"):
                    result[name] = value.strip("\"'")
    except OSError:
        pass
    return result


def in_memory(text):
    """A file that is nowhere on a disk and in nobody's command line: a script may hold secrets."""
    descriptor = os.memfd_create("script")
    os.write(descriptor, text.encode())
    return descriptor


def run_command(text):
    """Runs a script to its end: what ARM calls run-command."""
    descriptor = in_memory(text)
    try:
        done = subprocess.run(
            ["/bin/sh", f"/proc/self/fd/{descriptor}"], pass_fds=[descriptor], stdin=subprocess.DEVNULL,
            capture_output=True, check=False, cwd=HOME, env=environment(), start_new_session=True)
    finally:
        os.close(descriptor)
    return {"exitStatus": done.returncode, "stdout": tail(done.stdout), "stderr": tail(done.stderr)}


def tail(output):
    return output[-KEPT_OUTPUT:].decode("utf8", "replace")


# The script's end is written down by its own shell: the agent may be gone by then.
RUN_ONCE = '/bin/sh "$1" >stdout 2>stderr; echo $? >exit.new; mv exit.new exit'


def run_once(identity, sequence, text, root=None):
    """Runs a Custom Script extension's command unless this sequence of it has run on this disk; returns how it ended.

    A lock that the script itself holds tells a running one from one that a loss of power cut short: that one runs again.
    """
    name = hashlib.sha256(f"{identity}\0{sequence}".encode()).hexdigest()[:16]
    directory = os.path.join(root or SCRIPTS, name)
    ended = os.path.join(directory, "exit")
    os.makedirs(directory, mode=0o700, exist_ok=True)
    lock = os.open(os.path.join(directory, "lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        # Not waiting for the lock alone: a process that the script left behind may hold it for ever.
        while not os.path.exists(ended):
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.2)
                continue
            if not os.path.exists(ended):
                run_and_record(directory, text, lock)
    finally:
        os.close(lock)
    with open(ended, encoding="utf8") as file:
        status = int(file.read())
    with open(os.path.join(directory, "stderr"), "rb") as file:
        file.seek(max(0, os.path.getsize(file.name) - 4096))
        return status, file.read().decode("utf8", "replace")


def run_and_record(directory, text, lock):
    descriptor = in_memory(text)
    try:
        with subprocess.Popen(
                ["/bin/sh", "-c", RUN_ONCE, "sh", f"/proc/self/fd/{descriptor}"], pass_fds=[descriptor, lock],
                stdin=subprocess.DEVNULL, cwd=directory, env=environment(), start_new_session=True, umask=0o077) as process:
            process.wait()
    finally:
        os.close(descriptor)
    if not os.path.exists(os.path.join(directory, "exit")):
        raise OSError(f"its end could not be written down in {directory}")


class Agent:
    """Takes requests from the lab's daemon and tells it what happens."""

    def __init__(self, output):
        self.output = output
        self.writing = threading.Lock()
        self.health = None
        self.health_config = None
        self.ready = threading.Event()
        self.scripts = queue.Queue()
        self.known_scripts = set()
        for work in (self.beat, self.watch_readiness, self.run_scripts):
            threading.Thread(target=work, daemon=True).start()

    def tell(self, event, **details):
        with self.writing:
            try:
                self.output.write(json.dumps({"event": event, **details}) + "\n")
                self.output.flush()
            except (OSError, ValueError):
                # Nobody listens any more; the end of the input comes next.
                pass

    def beat(self):
        while True:
            self.tell("beat")
            time.sleep(BEAT_SECONDS)

    def watch_readiness(self):
        was = None
        while True:
            now = is_ready()
            if now != was:
                was = now
                self.tell("ready", ready=now)
                if now:
                    self.ready.set()
            time.sleep(5 if now else 0.2)

    def run_scripts(self):
        while True:
            script = self.scripts.get()
            self.ready.wait()
            identity, sequence = script["id"], script["sequence"]
            try:
                status, stderr = run_once(identity, sequence, script["command"])
            except (OSError, ValueError) as error:
                status, stderr = 126, f"the script could not be run: {error}"
            self.tell("script", id=identity, sequence=sequence, exitStatus=status, stderr=stderr)

    def configure(self, health, scripts):
        if health != self.health_config or (health is None) != (self.health is None):
            if self.health:
                self.health.stop()
            self.health_config = health
            self.health = Health(health, lambda state: self.tell("health", state=state)) if health else None
        for script in scripts:
            key = (script["id"], script["sequence"])
            if key not in self.known_scripts:
                self.known_scripts.add(key)
                self.scripts.put(script)

    def run(self, request, text):
        try:
            self.tell("result", request=request, **run_command(text))
        except OSError as error:
            self.tell("result", request=request, exitStatus=126, stdout="", stderr=f"the script could not be run: {error}")

    def handle(self, line):
        message = json.loads(line)
        if message["do"] == "configure":
            self.configure(message["health"], message["scripts"])
        elif message["do"] == "run":
            threading.Thread(target=self.run, args=(message["request"], message["script"]), daemon=True).start()


def main():
    agent = Agent(sys.stdout)
    for line in sys.stdin.buffer:
        agent.handle(line)
    os._exit(0)


if __name__ == "__main__":
    main()
