"""kafka.py -- a real Apache Kafka broker on loopback, and what stands in its topics.

Kafka(folder).start(): one broker (KRaft), its data in the folder; kill() or
stop() and start() again on the same data and port. Needs Java, Maven (the jars,
once, by tests/support/kafka/pom.xml) and kcat.
"""
import collections
import hashlib
import os
import shutil
import signal
import subprocess
import tempfile

from warden_site import HERE, ROOT, free_port, until

POM = os.path.join(HERE, "kafka", "pom.xml")
CLUSTER = "c2lwd2FyZGVuLXRlc3RzMQ"
READY_SECONDS = 60

Message = collections.namedtuple("Message", "partition offset key headers value")


def jars():
    """The folder with Kafka's jars, fetched once for each pom.xml."""
    with open(POM, "rb") as file:
        version = hashlib.sha256(file.read()).hexdigest()[:12]
    cache = os.path.join(os.environ.get("SIPWARDEN_BUILD", os.path.join(ROOT, "build")), "kafka")
    folder = os.path.join(cache, version)
    if os.path.isdir(folder):
        return folder
    os.makedirs(cache, exist_ok=True)
    # another test may fetch at the same time: whoever is first names the folder
    fresh = tempfile.mkdtemp(prefix="fetching-", dir=cache)
    try:
        done = subprocess.run(
            ["mvn", "-q", "-B", "-f", POM, "dependency:copy-dependencies",
             "-DoutputDirectory=" + fresh],
            capture_output=True, text=True, timeout=600, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise AssertionError("Maven could not fetch Kafka:\n%s%s" % (
                done.stdout, done.stderr))
        os.chmod(fresh, 0o755)
        os.rename(fresh, folder)
    except OSError:
        if not os.path.isdir(folder):
            raise
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return folder


class Kafka:
    """One broker and controller in one process."""

    def __init__(self, folder, **settings):
        """settings: of the broker, with _ for each dot."""
        self.folder = str(folder)
        os.makedirs(self.folder, exist_ok=True)
        self.log = os.path.join(self.folder, "kafka.log")
        self.port = free_port()
        self.controller = free_port()
        while self.controller == self.port:
            self.controller = free_port()
        self.brokers = "127.0.0.1:%d" % self.port
        self.properties = os.path.join(self.folder, "server.properties")
        self.settings = {name.replace("_", "."): value for name, value in settings.items()}
        self.process = None
        self.formatted = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def java(self, *arguments):
        # without a log4j2 configuration only errors are printed: all we need
        return ["java", "-Xmx384m", "-cp", os.path.join(jars(), "*"), *arguments]

    def format(self):
        listeners = "PLAINTEXT://127.0.0.1:%d,CONTROLLER://127.0.0.1:%d" % (
            self.port, self.controller)
        settings = {
            "process.roles": "broker,controller", "node.id": 1,
            "controller.quorum.bootstrap.servers": "127.0.0.1:%d" % self.controller,
            "listeners": listeners, "advertised.listeners": listeners,
            "controller.listener.names": "CONTROLLER",
            "listener.security.protocol.map": "PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "log.dirs": os.path.join(self.folder, "data"),
            "offsets.topic.replication.factor": 1, "offsets.topic.num.partitions": 3,
            "transaction.state.log.replication.factor": 1,
            "transaction.state.log.min.isr": 1, "transaction.state.log.num.partitions": 3,
            "group.initial.rebalance.delay.ms": 0, **self.settings,
        }
        with open(self.properties, "w", encoding="utf-8") as file:
            file.writelines("%s=%s\n" % setting for setting in settings.items())
        subprocess.run(
            self.java("kafka.tools.StorageTool", "format", "--standalone", "-t", CLUSTER,
                      "-c", self.properties),
            check=True, capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        self.formatted = True

    def answers(self):
        """True when the broker itself says that it is there."""
        try:
            done = subprocess.run(["kcat", "-L", "-b", self.brokers, "-m", "2"],
                                  capture_output=True, timeout=20, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == 0 and b" 1 brokers" in done.stdout

    def start(self):
        if not self.formatted:
            self.format()
        with open(self.log, "ab") as out:
            self.process = subprocess.Popen(
                self.java("kafka.Kafka", self.properties), stdin=subprocess.DEVNULL,
                stdout=out, stderr=out, cwd=self.folder)
        until(lambda: self.process.poll() is not None or self.answers(),
              "Kafka answers at %s; its log: %s" % (self.brokers, self.log), READY_SECONDS)
        if self.process.poll() is not None:
            with open(self.log, encoding="utf-8", errors="replace") as file:
                raise AssertionError("Kafka ended with %d:\n%s" % (
                    self.process.returncode, file.read()[-4000:]))
        return self

    def stop(self, how=signal.SIGTERM):
        if self.process is None:
            return
        if self.process.poll() is None:
            self.process.send_signal(how)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def kill(self):
        self.stop(signal.SIGKILL)

    def consume(self, topic, isolation="read_committed"):
        """Every message of the topic, each partition in order; none when there is no topic."""
        done = subprocess.run(
            ["kcat", "-C", "-q", "-b", self.brokers, "-t", topic, "-o", "beginning", "-e",
             "-X", "isolation.level=" + isolation, "-X", "allow.auto.create.topics=false", "-f", "%p %o %K %S %h\n%k%s\n"],
            capture_output=True, timeout=120, stdin=subprocess.DEVNULL)
        if b"Unknown topic or partition" in done.stderr:
            return []
        if done.returncode != 0:
            raise AssertionError("kcat: " + done.stderr.decode("utf-8", "replace"))
        return parse(done.stdout)


def parse(data):
    """What kcat printed: a line of numbers and headers, then key and value by their sizes."""
    messages = []
    at = 0
    while at < len(data):
        end = data.index(b"\n", at)
        partition, offset, key, value, headers = data[at:end].split(b" ", 4)
        start = end + 1
        middle = start + max(int(key), 0)
        at = middle + max(int(value), 0)
        messages.append(Message(
            int(partition), int(offset), data[start:middle],
            dict(pair.split("=", 1) for pair in headers.decode().split(",") if pair),
            data[middle:at]))
        if data[at:at + 1] != b"\n":
            raise AssertionError("kcat's sizes do not agree with what it printed")
        at += 1
    return messages
