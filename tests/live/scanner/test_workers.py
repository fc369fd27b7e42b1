"""test_workers.py -- workers die, are killed, and are shared out."""
import os
import signal
import struct

import pytest

from conftest import until
from samples import EICAR

SLOW = os.urandom(32 << 20)  # half a second of scanning, about
# libclamav stops itself, or is killed: whichever comes first
OVERRUN = ("time limit", "Heuristics.Limits.Exceeded.MaxScanTime")
ROOM = {"file": "100MB", "scan": "400MB", "time": "60s"}


def test_overrun_is_unscannable_and_the_next_job_fine(start):
    scanner = start(**{**ROOM, "time": "100ms"})
    asker = scanner.ask()
    verdict = asker.judge(SLOW)
    assert (verdict.outcome, verdict.name in OVERRUN) == (
        "unscannable", True)
    assert asker.judge(EICAR).outcome == "infected"
    assert asker.judge(b"x").outcome == "clean"


def test_askers_deadline_kills_too(start):
    asker = start(**ROOM).ask()
    assert asker.judge(b"x").outcome == "clean"  # the worker is awake
    verdict = asker.judge(SLOW, deadline_ms=20)
    assert (verdict.outcome, verdict.name in OVERRUN) == (
        "unscannable", True)
    assert asker.judge(EICAR).outcome == "infected"


def test_hung_worker_is_killed(start):
    scanner = start(**{**ROOM, "time": "3s"})
    asker = scanner.ask()
    asker.send(SLOW * 3)
    victim = scanner.busy_worker()
    os.kill(victim, signal.SIGSTOP)
    verdict = asker.verdict()
    assert (verdict.outcome, verdict.name) == ("unscannable", "time limit")
    assert asker.judge(EICAR).outcome == "infected"
    until("its end", lambda: victim not in scanner.children("scanner-worker"))


def test_killed_worker_is_replaced(start):
    scanner = start(**ROOM)
    asker = scanner.ask()
    until("both workers",
          lambda: len(scanner.children("scanner-worker")) == 2)
    asker.send(SLOW * 3)
    victim = scanner.busy_worker()
    os.kill(victim, signal.SIGKILL)
    verdict = asker.verdict()
    assert (verdict.outcome, verdict.name) == ("unscannable", "worker died")
    assert asker.judge(EICAR).outcome == "infected"
    until("a new worker",
          lambda: len(scanner.children("scanner-worker")) == 2)
    assert victim not in scanner.children("scanner-worker")


def test_killed_loader_is_replaced(start):
    scanner = start()
    asker = scanner.ask()
    (loader,) = scanner.children("scanner-loader")
    os.kill(loader, signal.SIGKILL)
    scanner.await_log("info: new signatures")
    assert scanner.children("scanner-loader") != [loader]
    until("a verdict", lambda: asker.judge(EICAR).outcome == "infected")


def test_all_end_with_a_killed_parent(start):
    scanner = start()
    until("both workers",
          lambda: len(scanner.children("scanner-worker")) == 2)
    pids = scanner.children("scanner-loader")
    pids += scanner.children("scanner-worker")
    scanner.process.kill()
    scanner.process.wait()
    until("their end", lambda: not any(
        os.path.exists(f"/proc/{pid}") and "Z" not in
        open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0]
        for pid in pids))


def test_scratch_is_emptied(start):
    scanner = start(**ROOM)
    asker = scanner.ask()
    asker.send(SLOW * 3)
    os.kill(scanner.busy_worker(), signal.SIGKILL)
    asker.verdict()
    scratch = scanner.data / "scanner"
    # the folders of the two that live
    until("an empty folder", lambda: len(list(scratch.iterdir())) == 2
          and not list(scratch.glob("*/*")))
    assert scanner.stop() == 0
    assert not list(scratch.iterdir())
    assert not scanner.socket.exists()


def test_leftovers_are_removed_at_start(start, tmp_path):
    left = tmp_path / "scanner0" / "data" / "scanner" / "1.1" / "deep"

    # start() makes the data folder; fill it once the first run has ended
    first = start()
    first.stop()
    left.mkdir(parents=True)
    (left / "member").write_bytes(EICAR)
    import subprocess
    from conftest import binary
    with open(first.log_file, "ab") as log:
        first.process = subprocess.Popen(
            [binary("sipwarden-scanner"), "--config", str(first.config)],
            stderr=log, stdin=subprocess.DEVNULL)
    first.await_log("info: ready", times=2)
    assert not left.exists()


def test_full_queue_says_so(start):
    asker = start(queue=1, **ROOM).ask()
    asker.judge(b"x")
    asker.send(SLOW, job=101)
    asker.send(SLOW, job=102)
    asker.send(SLOW, job=103)
    first = asker.verdict()
    assert (first.job, first.outcome, first.name) == (
        103, "busy", "queue full")
    assert {asker.verdict().job, asker.verdict().job} == {101, 102}


def test_one_sender_cannot_fill_the_queue(start):
    asker = start(queue=8, **ROOM).ask()
    asker.judge(b"x")
    for job in range(100, 109):
        asker.send(SLOW, sender=1, job=job)
    for job in (201, 202, 203):
        asker.send(EICAR, sender=2, job=job)
    verdicts = [asker.verdict() for _ in range(12)]
    refused = {v.job for v in verdicts if v.outcome == "busy"}
    assert refused and refused <= set(range(100, 109))
    assert {v.job for v in verdicts if v.outcome == "infected"} == {
        201, 202, 203}


def test_one_sender_does_not_starve_another(start):
    asker = start(queue=100, **ROOM).ask()
    asker.judge(b"x")
    for job in range(100, 108):
        asker.send(SLOW, sender=1, job=job)
    asker.send(EICAR, sender=2, job=200)
    order = [asker.verdict().job for _ in range(9)]
    assert order.index(200) < 4


def test_waiting_too_long_is_busy(start):
    asker = start(**ROOM).ask()
    asker.judge(b"x")
    asker.send(SLOW * 3, job=101)
    asker.send(b"x", job=102, deadline_ms=50)
    verdict = asker.verdict()
    assert (verdict.job, verdict.outcome, verdict.name) == (
        102, "busy", "queue")
    assert asker.verdict().job == 101


def test_cancelled_jobs_get_no_verdict(start):
    asker = start(**ROOM).ask()
    asker.judge(b"x")
    for job in (101, 102, 103):
        asker.send(SLOW, job=job)
    asker.cancel(101)  # runs
    asker.cancel(102)  # waits
    asker.cancel(999)  # was never there
    assert asker.verdict().job == 103
    assert asker.judge(EICAR).outcome == "infected"


def test_asker_that_leaves_harms_nobody(start):
    scanner = start(queue=4, **ROOM)
    leaving = scanner.ask()
    leaving.judge(b"x")
    for _ in range(5):  # one runs, four wait
        leaving.send(SLOW)
    leaving.close()
    verdict = scanner.ask().judge(EICAR)
    assert (verdict.outcome, verdict.name) == (
        "infected", "Eicar-Test-Signature")


@pytest.mark.parametrize("kind, payload", [
    (1, b""), (1, struct.pack("!IIII", 1, 1000, 1, 0)),  # no descriptor
    (1, struct.pack("!IIII", 1, 1000, 1, 300) + bytes(300)),
    (3, b"\0"), (9, b""), (2, bytes(60))])
def test_broken_protocol_ends_the_link_alone(start, kind, payload):
    scanner = start()
    good = scanner.ask()
    bad = scanner.ask()
    bad.hello()
    bad.send_frame(kind, payload)
    with pytest.raises(ConnectionError):
        bad.next_frame()
    assert good.judge(EICAR).outcome == "infected"


def test_same_number_twice_ends_the_link(start):
    scanner = start(**ROOM)
    bad = scanner.ask()
    bad.hello()
    bad.send(SLOW, job=7)
    bad.send(SLOW, job=7)
    with pytest.raises(ConnectionError):
        bad.next_frame()
    assert scanner.ask().judge(EICAR).outcome == "infected"


def test_workers_are_recycled(start):
    scanner = start(queue=2000)
    asker = scanner.ask()
    asker.judge(b"x")
    before = set(scanner.children("scanner-worker"))
    for _ in range(2100):
        assert asker.judge(b"x").outcome == "clean"
    assert set(scanner.children("scanner-worker")) != before


def test_stop_answers_what_is_left(start):
    scanner = start(**ROOM)
    asker = scanner.ask()
    asker.judge(b"x")
    asker.send(SLOW * 3, job=101)
    asker.send(SLOW * 3, job=102)
    scanner.busy_worker()
    scanner.process.terminate()
    assert {(v.job, v.outcome, v.name)
            for v in (asker.verdict(), asker.verdict())} == {
        (101, "failed", "stopping"), (102, "failed", "stopping")}
    assert scanner.process.wait() == 0
