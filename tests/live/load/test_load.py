"""test_load.py -- the load generator counts what really happened, also when the server dies."""
import collections
import json
import os
import signal
import subprocess
import time

import pytest

from warden_site import Site, binary, free_pair, until

HOME = "127.0.0.11"
USERS = 6
MIX = "message:5,dialog:5,presence:2,attachment:2,infected:2,forbidden:2,options:2"
ANSWERS = {"message": {"200"}, "dialog": {"200"}, "presence": {"200"}, "attachment": {"200"},
           "options": {"200"}, "infected": {"403"}, "forbidden": {"403"}}


@pytest.fixture
def site(tmp_path):
    with Site(tmp_path) as site:
        site.write_users({"%s%d@example.com" % (kind, number): "home1.example.com"
                          for kind in "rs" for number in range(USERS)})
        site.write_rules([{"name": "falcon-names", "terms": ["falcon"], "action": "block"}])
        site.address = "%s:%d" % (HOME, free_pair(HOME))
        site.home = site.configure("home1.example.com", "home",
                                   [("udp", site.address), ("tcp", site.address)],
                                   server={"workers": 2})
        site.archiver(site.home)
        site.scanner(site.home)
        proxy = site.proxy(site.home)
        until(lambda: proxy.text().count("The scanner is there") == 2,
              "each worker has found the scanner")
        yield site


def start(site, *options):
    return subprocess.Popen(
        [binary("sipwarden-load"), "--server", site.address, "--senders", str(USERS),
         "--receivers", str(USERS), "--log", site.path("events"), *options],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def finish(process):
    out, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    return json.loads(out.splitlines()[-1])


def events(site):
    """Lines of the log by what happened, each as its words after that."""
    found = collections.defaultdict(list)
    with open(site.path("events"), encoding="ascii") as file:
        for line in file:
            assert line.endswith("\n"), line
            _, what, *words = line.split()
            found[what].append(words)
    return found


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_each_kind_is_answered_as_it_should_be(site, transport):
    result = finish(start(site, "--transport", transport, "--rate", "150", "--seconds", "2",
                          "--drain-seconds", "30", "--mix", MIX))
    assert result["exchanges"] == 300
    assert result["unanswered"] == 0
    assert result["received_twice"] == 0
    assert result["forbidden_received"] == result["infected_received"] == 0
    for kind, of_kind in result["kinds"].items():
        assert of_kind["sent"] > 0, kind
        assert set(of_kind["answered"]) == ANSWERS[kind], (kind, of_kind)
        passed = of_kind["answered"].get("200", 0)
        assert of_kind["received"] == passed, (kind, of_kind)
    log = events(site)
    requests = [words for words in log["sent"] if words[-1] != "ACK"]
    assert len(requests) == result["sent"]
    answered = {tuple(words[:3]) for words in log["answered"]}
    assert answered == {tuple(words[1:]) for words in requests}
    received = [tuple(words[:3]) for words in log["received"] if words[3].startswith("r")
                and words[2] != "ACK"]
    assert len(received) == len(set(received)) == result["received"]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_goes_on_when_the_server_dies_and_comes_back(site, transport):
    load = start(site, "--transport", transport, "--rate", "100", "--seconds", "6",
                 "--drain-seconds", "32", "--register-seconds", "1")
    until(lambda: os.path.exists(site.path("events")) and events(site)["answered"],
          "the load has begun")
    proxy = site.programs["sipwarden-proxy"]
    proxy.kill()
    before = len(events(site)["answered"])
    time.sleep(1)
    proxy.start("ready server=")
    result = finish(load)
    assert result["exchanges"] == 600
    assert result["answered"]["200"] > before
    log = events(site)
    sent = {tuple(words[1:]) for words in log["sent"]}
    ends = [tuple(words[:3]) for words in log["answered"] + log["unanswered"]]
    assert len(ends) == len(set(ends)) == 600 and set(ends) == sent
    if transport == "udp":
        # what was lost has been sent again until it was answered
        assert result["resent"] > 0 and result["unanswered"] == 0


def test_says_what_it_sent_when_it_is_told_to_stop(site):
    load = start(site, "--rate", "50", "--seconds", "600")
    until(lambda: os.path.exists(site.path("events")) and len(events(site)["answered"]) > 20,
          "the load has begun")
    load.send_signal(signal.SIGTERM)
    result = finish(load)
    assert result["exchanges"] < 30000
    assert len(events(site)["sent"]) == result["sent"] == result["answered"]["200"]


def test_the_same_seed_sends_the_same_bytes(site):
    bodies = []
    for seed in ("7", "7", "8"):
        finish(start(site, "--rate", "100", "--seconds", "1", "--seed", seed,
                     "--mix", "message:1,attachment:1"))
        bodies.append(sorted(words[4] for words in events(site)["received"]))
        os.remove(site.path("events"))
    assert bodies[0] == bodies[1] != bodies[2]
