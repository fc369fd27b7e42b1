"""archive.py -- asks the archive as a user would: search, show, verify and stats."""
import json
import subprocess
import time

from programs import Fault, Waiting

PATIENCE_SECONDS = 30


class Archive:
    """The command line, with the configuration of home1."""

    def __init__(self, stage):
        self.stage = stage

    def run(self, *arguments):
        command = [self.stage.program_path("sipwarden"), arguments[0], "--config",
                   self.stage.config(), *arguments[1:]]
        try:
            return subprocess.run(command, capture_output=True, text=True, timeout=60,
                                  encoding="utf-8", errors="replace", stdin=subprocess.DEVNULL, start_new_session=True)
        except subprocess.TimeoutExpired:
            raise Fault("sipwarden %s gave no answer within 60 s; see %s" % (
                " ".join(arguments), self.stage.path("log", "sipwarden-store.log"))) from None

    def version(self):
        return subprocess.run([self.stage.program_path("sipwarden"), "--version"],
                              capture_output=True, text=True, check=False).stdout.strip()

    def text(self, *arguments):
        """What the command prints for people."""
        done = self.run(*arguments)
        if done.returncode != 0:
            self.stage.must_live()
            raise Fault("sipwarden %s ended with status %d and said:\n    %s" % (
                " ".join(arguments), done.returncode,
                (done.stderr + done.stdout).strip().replace("\n", "\n    ")))
        return done.stdout

    def rows(self, *arguments):
        """The rows that it prints with --json; the last one closes the answer."""
        return [json.loads(line) for line in
                self.text(arguments[0], "--json", *arguments[1:]).splitlines() if line.strip()]

    def find(self, query, observations=1):
        """The one message that this query must find, once all servers have seen it."""
        waiting = Waiting("the index takes '%s' up" % query)
        while True:
            rows = self.rows("search", query)[:-1]
            if len(rows) == 1 and rows[0]["observations"] >= observations:
                return rows[0]
            if len(rows) > 1 or waiting.seconds() > PATIENCE_SECONDS:
                raise Fault("sipwarden search '%s' should find one message with %d "
                            "observation(s). It found: %s" % (
                                query, observations, rows or "nothing"))
            waiting.tick()
            time.sleep(0.1)

    def message(self, found):
        """The message that a search found, as its conversation's transcript has it."""
        for row in self.rows("show", str(found["conversation"])):
            if any(seen["record"] == found["record"] for seen in row.get("observations", [])):
                return row
        raise Fault("Record %d was found by the search, but is not in the transcript of "
                    "conversation %d." % (found["record"], found["conversation"]))

    def verify(self):
        return self.rows("verify")[-1]


def servers_of(message):
    """The servers that saw a message, in the order in which they did."""
    seen = sorted(message["observations"], key=lambda observation: observation["record"])
    return [observation["node"].split(".")[0] for observation in seen]


def reasons_of(message):
    """Who stopped a message: the rule's name, or else the reason."""
    return [entry.get("rule") or entry.get("reason", "")
            for observation in message["observations"]
            for entry in observation["trail"] if entry.get("verdict") == "answer"]
