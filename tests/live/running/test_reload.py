"""test_reload.py -- rules, users and signatures change while messages pass."""
import json
import shutil
import signal
import threading
import time

from warden_site import until

RULES = [{"name": "falcon-names", "terms": ["falcon"], "action": "block", "reason": "No"}]
MORE = RULES + [{"name": "heron-names", "terms": ["heron"], "action": "block", "reason": "No"}]


def reload(site, check=True):
    return site.command(site.home, "reload", check=check)


class Stream(threading.Thread):
    """One who sends a word without pause and notes what came of each message."""

    def __init__(self, site, word):
        super().__init__(daemon=True)
        self.agent, self.word = site.agent("alice"), word
        self.sent = []  # (began, ended, status)
        self.go_on = True

    def run(self):
        while self.go_on:
            began = time.monotonic()
            answer = self.agent.message("bob@example.com", "a %s, %d" % (self.word, len(self.sent)))
            self.sent.append((began, time.monotonic(), answer.status))

    def stop(self):
        self.go_on = False
        self.join(20)
        return self.sent


def test_a_word_is_forbidden_from_the_moment_it_is_said(site):
    bob = site.agent("bob")
    streams = [Stream(site, "heron") for _ in range(4)]
    for stream in streams:
        stream.start()
    until(lambda: all(len(stream.sent) > 10 for stream in streams), "messages pass")
    moments = []  # (before, after, forbidden)
    for turn in range(4):
        site.write_rules(RULES if turn % 2 else MORE)
        before = time.monotonic()
        said = json.loads(site.command(site.home, "reload", "--json").stdout.splitlines()[0])
        moments.append((before, time.monotonic(), turn % 2 == 0, said["version"]))
        count = [len(stream.sent) for stream in streams]
        until(lambda: all(len(stream.sent) > earlier + 10
                          for stream, earlier in zip(streams, count)), "messages pass on")
    sent = [message for stream in streams for message in stream.stop()]
    assert {status for _, _, status in sent} == {200, 403}, "none was lost"
    for began, ended, status in sent:
        for index, (_, after, forbidden, _) in enumerate(moments):
            until_then = moments[index + 1][0] if index + 1 < len(moments) else float("inf")
            if after <= began and ended <= until_then:
                assert status == (403 if forbidden else 200), "judged by the set that was in use"
    passed = sum(status == 200 for _, _, status in sent)
    for _ in range(passed):
        assert bob.get_request("MESSAGE"), "what was answered 200 has arrived"
    # each record names the version that judged it
    first, second = moments[0][3], moments[1][3]
    assert first != second
    judges = {entry["judge"] for row in site.records() for seen in row["observations"]
              for entry in seen["trail"]
              if entry["stage"] == "content-filter" and entry.get("judge")}
    # the very first set was that of the start
    assert judges >= {first, second} and len(judges) <= 3


def test_a_wrong_file_changes_nothing(site):
    alice, bob = site.agent("alice"), site.agent("bob")
    good = open(site.rules, encoding="utf-8").read()
    site.write("content.yaml", "rules:\n  - {name: a, terms: [x], action: burn}\n")
    done = reload(site, check=False)
    assert done.returncode == 1
    assert "content.yaml:2:" in done.stderr and "Nothing was changed" in done.stderr
    assert alice.message("bob@example.com", "the falcon").status == 403
    assert alice.message("bob@example.com", "the heron").status == 200
    log = site.programs["home1"].text()
    assert "content.yaml:2:" in log and "event=reload-failed" in log
    site.write("content.yaml", good)
    reload(site)
    assert bob.get_request("MESSAGE")


def test_a_signal_reloads_too(site):
    alice = site.agent("alice")
    site.agent("bob")
    site.write_rules(MORE)
    site.programs["home1"].process.send_signal(signal.SIGHUP)
    until(lambda: site.programs["home1"].says("event=reloaded"), "the proxy has reloaded")
    assert alice.message("bob@example.com", "the heron").status == 403


def test_users_come_and_go(site):
    carol = site.agent("carol", register=False)
    assert carol.register().status == 404
    site.write_users({"bob@example.com": "home1.example.com",
                      "carol@example.com": "home1.example.com"})
    assert "users 2" in reload(site).stdout
    assert carol.register().status == 200
    alice = site.agent("alice", register=False)
    assert alice.register().status == 404


def test_what_needs_a_restart_is_named(site):
    settings = json.load(open(site.home, encoding="utf-8"))
    settings["limits"]["transactions"] = 1234
    settings["server"]["workers"] = 7
    settings["listen"].append({"transport": "udp", "address": "127.0.0.11:5999"})
    with open(site.home, "w", encoding="utf-8") as file:
        json.dump(settings, file)
    done = reload(site)
    named = [line.rsplit(" ", 1)[1] for line in done.stderr.splitlines()
             if "needs a restart" in line]
    assert sorted(named) == ["limits.transactions", "listen", "server.workers"]


def test_signatures_are_new_when_the_command_says_so(tmp_path):
    from two_servers import ALL, TwoServers
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}, scanner=False) as site:
        folder = tmp_path / "signatures"
        shutil.copytree(site.signatures, folder)
        settings = json.load(open(site.home, encoding="utf-8"))
        settings["scanner"]["signatures"] = str(folder)
        with open(site.home, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        site.scanner(site.home)
        before = site.rows(site.home, "stats")[-1]["programs"]["scanner"]["generation"]
        with open(folder / "more.ndb", "w", encoding="utf-8") as file:
            file.write("More.Test:0:*:6d6f72652d746573742d7061747465726e\n")
        assert "generation" in reload(site).stdout
        told = site.rows(site.home, "stats")[-1]["programs"]["scanner"]
        assert told["generation"] != before and told["values"]["signatures"] == 4
        with open(folder / "more.ndb", "w", encoding="utf-8") as file:
            file.write("this is no signature\n")
        done = reload(site, check=False)
        assert done.returncode == 1, "signatures that cannot be used are an error"
        assert site.rows(site.home, "stats")[-1]["programs"]["scanner"]["generation"] == \
            told["generation"]


