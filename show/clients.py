"""clients.py -- the people of the show: baresip as alice, linphonec as dora, sipp as bob and eve."""
import json
import os
import re
import shutil
import socket
import subprocess

from programs import Fault, free_port, last_lines, until
from stage import fill

PEOPLE = {"baresip": "baresip-core", "linphonec": "linphone-cli", "sipp": "sip-tester"}
SEND_SECONDS = 40
RECEIVED = "received.log"


def require_clients():
    missing = [name for name in PEOPLE if not shutil.which(name)]
    if missing:
        raise Fault("Missing: %s. On Debian: apt-get install --no-install-recommends %s" % (
            ", ".join(missing), " ".join(PEOPLE[name] for name in missing)))


def messages_in(text):
    """The SIP messages of a sipp trace, as (came, text): came, or went."""
    for block in re.split(r"^-{20,}.*$", text, flags=re.M)[1:]:
        head, _, message = block.lstrip("\n").partition("\n\n")
        yield "received" in head, message.strip("\n")


class Alice:
    """baresip; its ctrl_tcp takes commands as netstrings of JSON."""

    def __init__(self, stage):
        self.stage = stage
        self.folder = stage.path("clients", "alice")
        os.makedirs(self.folder)
        port, self.control = free_port("127.0.0.1"), free_port("127.0.0.1")
        self.write("config", fill("configuration/baresip.config", port=port,
                                  control=self.control))
        self.write("accounts", "\"Alice\" <sip:alice@example.com;transport=udp>"
                   ";outbound=\"sip:%s;transport=udp\";regint=600\n" % stage.address("home1"))
        self.write("contacts", "\"Bob\" <sip:bob@example.com>\n"
                   "\"Dora\" <sip:dora@example.com>\n")
        self.program = stage.launch("baresip (alice)", ["baresip", "-f", self.folder],
                                    stage.path("log", "client-alice-baresip.log"))
        self.socket = None
        self.pending = b""

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def connect(self):
        self.program.must_live()
        try:
            self.socket = socket.create_connection(("127.0.0.1", self.control), 5)
        except OSError:
            return False
        return True

    def do(self, command, parameters=None):
        """Does a baresip command and returns what baresip printed."""
        wish = {"command": command}
        if parameters:
            wish["params"] = parameters
        data = json.dumps(wish).encode("utf-8")
        try:
            self.socket.sendall(b"%d:%s," % (len(data), data))
            while True:
                answer = json.loads(self.netstring())
                if answer.get("response"):
                    return re.sub("\x1b\\[[0-9;]*m", "", answer.get("data", ""))
        except (OSError, ValueError) as error:
            self.program.must_live()
            raise Fault("baresip (alice) does not answer the command %s: %s; its log: %s" % (
                command, error, self.program.log)) from error

    def netstring(self):
        while True:
            size, colon, rest = self.pending.partition(b":")
            if colon and len(rest) > int(size):
                self.pending = rest[int(size) + 1:]
                return rest[:int(size)]
            more = self.socket.recv(65536)
            if not more:
                raise OSError("it closed the connection")
            self.pending += more

    def register(self):
        fault = "baresip (alice) did not register at home1; its log: " + self.program.log
        until(self.connect, "baresip starts", fault)
        until(lambda: re.search(r"alice@example\.com\s+OK", self.do("reginfo")),
              "alice registers", fault)

    def message(self, name, text):
        for step in ["contact_next"] * 2 + ["contact_prev"] * 2:
            if name in self.do(step):
                self.do("message", text)
                return
        raise Fault("baresip (alice) does not know %s; its log: %s" % (name, self.program.log))


class Dora:
    """linphonec; says on standard output what it received."""

    def __init__(self, stage):
        folder = stage.path("clients", "dora")
        os.makedirs(os.path.join(folder, ".local", "share", "linphone"))
        config = os.path.join(folder, "linphonerc")
        with open(config, "w", encoding="utf-8") as file:
            file.write(fill("configuration/linphonec.config", port=free_port("127.0.0.1"),
                            server=stage.address("home2")))
        self.program = stage.launch("linphonec (dora)", ["linphonec", "-c", config],
                                    stage.path("log", "client-dora-linphonec.log"),
                                    {"HOME": folder}, typed=True)

    def is_registered(self):
        self.program.type("status register")
        return self.program.says("registered, identity=")

    def register(self):
        until(self.is_registered, "dora registers",
              lambda: "linphonec (dora) did not register at home2. Its last lines:\n%s" %
              last_lines(self.program.log))

    def got(self, text):
        return len(re.findall(r"Message received from [^\n]*: %s$" % re.escape(text),
                              self.program.text(), flags=re.M))


class Answer:
    """What a sender's client was answered."""

    def __init__(self, start_line):
        words = start_line.split(" ", 2)
        self.status = int(words[1])
        self.reason = words[2].strip() if len(words) > 2 else ""


class Sipp:
    """A user whose client is sipp: one that listens, and one more for each thing to say."""

    def __init__(self, stage, address, server, host):
        self.stage = stage
        self.address = address
        self.name = address.partition("@")[0]
        self.server = stage.address(server)
        self.host = host
        self.folder = stage.path("clients", self.name)
        os.makedirs(self.folder)
        self.listener = None
        self.port = None
        self.sent = 0

    def write(self, name, text):
        with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
            file.write(text)

    def arguments(self, scenario, trace, port):
        """All names are relative: sipp reckons with a '-' in a [file name=...]."""
        return ["sipp", "-sf", scenario, "-i", self.host, "-p", str(port), "-nostdin",
                "-mi", self.host, "-mp", str(free_port(self.host)),
                "-ci", "127.0.0.1", "-cp", str(free_port("127.0.0.1")), "-trace_msg", "-message_file", trace, "-trace_err", "-error_file", trace + ".err"]

    def listen(self):
        self.port = free_port(self.host)
        self.write("receive.xml", fill("sipp/receive.xml"))
        self.listener = self.stage.launch(
            "sipp (%s)" % self.name, self.arguments("receive.xml", RECEIVED, self.port),
            self.stage.path("log", "client-%s-sipp.log" % self.name), folder=self.folder)

    def say(self, label, **keys):
        """Runs the scenario LABEL.xml; returns the last final answer that it saw."""
        trace = label + ".log"
        log = self.stage.path("log", "client-%s-%s.log" % (self.name, label))
        command = self.arguments(label + ".xml", trace, free_port(self.host)) + [
            self.server, "-m", "1", "-timeout", "%ds" % (SEND_SECONDS - 8), "-timeout_error"]
        keys.update(user=self.address, name=self.name, domain="example.com")
        for key, value in keys.items():
            command += ["-key", key, str(value)]
        program = self.stage.launch("sipp (%s)" % self.name, command, log,
                                    folder=self.folder)
        until(lambda: program.process.poll() is not None, "%s's %s is answered" % (
            self.name, label), "sipp (%s, %s) did not end; see %s" % (self.name, label, log),
            SEND_SECONDS)
        self.stage.programs.remove(program)
        answers = [message for came, message in self.read(trace)
                   if came and re.match(r"SIP/2\.0 [2-6]", message)]
        if not answers:
            raise Fault("%s's %s was not answered. What sipp said (all of it: %s):\n%s" % (
                self.name, label, log, last_lines(os.path.join(self.folder, trace + ".err"))))
        return Answer(answers[-1].split("\n", 1)[0])

    def read(self, trace):
        try:
            with open(os.path.join(self.folder, trace), "rb") as file:
                text = file.read().decode("utf-8", "replace").replace("\r", "")
        except OSError:
            return []
        return list(messages_in(text))

    def register(self):
        self.write("register.xml", fill("sipp/register.xml"))
        answer = self.say("register", contact_port=self.port)
        if answer.status != 200:
            raise Fault("%s's registration was answered %d %s." % (
                self.name, answer.status, answer.reason))

    def message(self, to, body, content_type, status):
        """Sends a message; status is what sipp expects as the answer."""
        self.sent += 1
        label = "message%d" % self.sent
        self.write(label + ".body", body)
        self.write(label + ".xml", fill("sipp/message.xml", type=content_type, status=status,
                                        body=label + ".body"))
        return self.say(label, recipient=to)

    def got(self, text):
        """How many different requests with this text came to the listener."""
        found = [message for came, message in self.read(RECEIVED)
                 if came and message.startswith("MESSAGE ") and text in message]
        return len({re.search(r"(?mi)^Call-ID:\s*(\S+)", message).group(1)
                    for message in found})
