"""test_stop.py -- SIGTERM finishes what was accepted, in bounded time, with status 0."""
import signal
import threading
import time

import pytest
from warden_site import until

LABELS = ["home1", "sipwarden-scanner", "sipwarden-archiver", "sipwarden-store"]
BOUND_SECONDS = 15


@pytest.mark.parametrize("label", LABELS)
@pytest.mark.parametrize("times", [1, 2], ids=["once", "twice"])
def test_each_program_stops_clean_under_traffic(site, label, times):
    alice, bob = site.agent("alice"), site.agent("bob")
    going = threading.Event()
    going.set()
    answers = []

    def send():
        while going.is_set():
            try:
                answers.append(alice.message("bob@example.com", "on and on").status)
            except AssertionError:
                return  # nobody answers any more

    sender = threading.Thread(target=send, daemon=True)
    sender.start()
    until(lambda: answers.count(200) > 20, "messages pass")
    program = site.programs[label]
    began = time.monotonic()
    for _ in range(times):
        program.process.send_signal(signal.SIGTERM)
    assert program.process.wait(BOUND_SECONDS) == 0, program.text()
    assert time.monotonic() - began < BOUND_SECONDS
    assert program.says("stopped")
    going.clear()
    sender.join(1)  # whom nobody answers waits long: he may
    assert set(answers) <= {200, 503}, "what was not done was said"
    delivered = sum(1 for message in bob.seen if "MESSAGE" in str(message))
    assert delivered >= answers.count(200)


def test_the_archiver_has_acknowledged_what_it_took(site):
    alice = site.agent("alice")
    site.agent("bob")
    for number in range(30):
        assert alice.message("bob@example.com", "kept %d" % number).status == 200
    assert site.programs["home1"].stop() == 0
    assert site.programs["sipwarden-archiver"].stop() == 0
    until(lambda: site.stats()["behind"] == 0, "the index caught up")
    assert site.stats()["kinds"]["message"] >= 32
    assert site.programs["sipwarden-store"].stop() == 0
    assert not site.programs["home1"].says("event=stopped-without-archiver")
    site.store(site.home)
    assert site.stats()["kinds"]["message"] >= 32 and site.stats()["behind"] == 0
    site.command(site.home, "verify", "--journal", site.path("journal"))


def test_a_stop_while_somebody_asks_is_not_held_up(site):
    watching = [threading.Thread(
        target=lambda: site.command(site.home, "stats", check=False), daemon=True)
        for _ in range(4)]
    for thread in watching:
        thread.start()
    assert site.programs["home1"].stop() == 0
    for thread in watching:
        thread.join(30)
        assert not thread.is_alive()
