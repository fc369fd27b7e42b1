"""test_disk.py -- the archiver's disk, clock and descriptors fail while words flow."""
import json
import os

import pytest

from journal_files import records
from walk import READY, WalkedSite

ARCHIVER = "sipwarden-archiver"


@pytest.fixture
def site(tmp_path):
    with WalkedSite(tmp_path, ARCHIVER, scanner=False, store=False) as started:
        yield started


def segments(site):
    return sorted(name for name in os.listdir(site.path("journal")) if name.endswith(".journal"))


def test_a_failed_sync_is_never_repeated(site):
    site.restart()
    site.faults.plan("fdatasync:/journal/:1:EIO", "pwrite:000000000001.journal:0:EIO")
    before = segments(site)
    site.traffic()
    assert site.faults.fired()[0] == 1
    assert len(segments(site)) == len(before) + 1
    # One batch went into the old segment; nothing was tried there again.
    assert site.faults.met()[1] == 1
    assert "could not be synced; it will be written again" in site.program.text()
    assert site.went_well(), site.sent
    site.flows()
    assert set(site.settled().values()) == {1} and not site.deaths


@pytest.mark.parametrize("error", ["ENOSPC", "EIO", "EROFS"])
def test_a_disk_that_takes_nothing_for_a_time(site, error):
    """All that makes files or fills them fails; then it works, without a restart."""
    site.restart()
    site.faults.plan("pwrite:/journal/:*:" + error, "allocate:/journal/:*:" + error,
                     "open:/journal/:*:" + error)
    call_id = site.alice.message("bob@example.com", "meanwhile", wait=False)
    answer = site.alice.answer_to(call_id)
    assert answer.status == 503 and answer.get("Retry-After").isdigit()
    assert not site.bob.got("MESSAGE", "meanwhile")
    assert site.program.text().count("The journal takes no records") == 1
    site.flows()
    assert "The journal takes records again" in site.program.text()
    site.settled()
    assert not site.deaths


def test_a_slow_disk_delays_and_loses_nothing(site):
    site.restart()
    site.faults.plan("fdatasync:/journal/:1-3:delay=400")
    site.traffic()
    assert site.went_well(), site.sent
    assert set(site.settled().values()) == {1}


def test_a_torn_tail_is_cut(site):
    # The second half of a batch never reached the file.
    site.restart()
    site.faults.plan("pwrite:.journal:1:kill-half")
    site.traffic()
    assert len(site.deaths) == 1
    assert "A torn tail was cut" in site.program.text()
    site.flows()
    assert set(site.settled().values()) == {1}


def test_damage_in_front_of_what_was_synced_is_kept(site):
    site.traffic()
    site.program.stop()
    path = site.path("journal", segments(site)[-1])
    with open(path, "r+b") as file:
        data = file.read()
        at = data.index(b"number 0") if b"number 0" in data else 4096
        file.seek(at)
        file.write(bytes([data[at] ^ 1]))
    before = segments(site)
    site.program.start(READY[ARCHIVER])
    assert "damaged where it had been synced" in site.program.text()
    assert segments(site)[:-1] == before
    site.flows()
    with open(path, "rb") as file:
        assert file.read()[at] == data[at] ^ 1
    site.programs["home1"].stop()
    site.program.stop()
    done = site.command(site.home, "verify", "--journal", site.path("journal"), "--json",
                        check=False)
    assert json.loads(done.stdout.splitlines()[-1])["faults"] >= 1


def test_the_clock_is_set_back_and_jumps(site):
    site.restart()
    for ahead in (-3600, 0, 10):
        site.faults.clock(ahead)
        site.flows()
    assert site.program.text().count("The wall clock jumped") == 3
    # Its own start finds the journal ahead of it.
    site.faults.clock(-7200)
    site.restart()
    assert "The clock stands behind the journal" in site.program.text()
    site.flows()
    site.settled()
    numbers = [record.number for record in records(site.path("journal"))]
    assert numbers == sorted(set(numbers))


@pytest.mark.parametrize("rule", ["accept::1-3:EMFILE", "send::1-3:ENOBUFS", "send::1-20:EINTR",
                                  "send::1-5:short", "pwrite:/journal/:1-5:EINTR",
                                  "pwrite:/journal/:1-5:short"])
def test_what_passes_by_itself(site, rule):
    """Nobody but the proxy, which connects and sends again, notices."""
    site.restart(rule)
    site.traffic()
    assert site.faults.fired() != [0] and not site.deaths
    site.flows()
    assert set(site.settled().values()) == {1}
