"""test_gaps.py -- a proxy that takes records along into its death is told in the journal."""
import collections
import os
import signal
import time

import pytest

from journal_files import fields, records
from sip import token
from two_servers import ALL, TwoServers
from warden_site import until

GAP, BOOT, CHECKPOINT = 3, 4, 5
STARTED, STOPPED = 1, 2
HOME = "home1.example.com"

Gap = collections.namedtuple("Gap", "node from_us to_us boot worker last")


@pytest.fixture
def site(tmp_path):
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}, scanner=False,
                    store=False, server={"workers": 1}) as started:
        started.alice, started.bob = started.agent("alice"), started.agent("bob")
        yield started


def own(site, kind):
    """What programs said of themselves: (record, its metadata)."""
    return [(record, fields(fields(fields(record.payload)[8][0])[2][0]))
            for record in records(site.path("journal"))
            if record.kind == kind and record.node == HOME]


def gaps(site):
    return [Gap(record.node, said[2][0], said[3][0], said[5][0], (said[6] or [0])[0],
                (said[7] or [0])[0]) for record, said in own(site, GAP)]


def turns(site):
    return [said[4][0] for _, said in own(site, BOOT)]


def boots(site):
    return [fields(fields(record.payload)[3][0])[1][0] for record, said in own(site, BOOT)
            if said[4] == [STARTED]]


def pass_one(site):
    """One that does not wait passes."""
    call_id = token()
    site.alice.send(site.alice.request("OPTIONS", "sip:bob@example.com", call_id=call_id))
    assert site.alice.answer_to(call_id).status == 200 and site.bob.got("OPTIONS", call_id)


def test_a_clean_stop_is_no_gap(site):
    pass_one(site)
    site.programs["home1"].stop()
    site.proxy(site.home, "home1")
    pass_one(site)
    until(lambda: len(boots(site)) == 2, "the second start is recorded")
    site.programs["home1"].stop()
    assert turns(site) == [STARTED, STOPPED, STARTED, STOPPED]
    assert not gaps(site)
    # All of a run stands before its checkpoint, and says how much that is.
    last, said = own(site, CHECKPOINT)[-1]
    before = [record for record in records(site.path("journal")) if record.number < last.number]
    boot = fields(fields(last.payload)[3][0])[1][0]
    mine = [record for record in before if fields(fields(record.payload)[3][0])[1][0] == boot]
    assert said[2] == [len(mine)] and said[1][0] >= max(record.taken_us for record in mine) - 10**6


@pytest.mark.parametrize("restarted", [False, True], ids=["", "archiver restarted"])
def test_a_kill_is_a_gap(site, restarted):
    pass_one(site)
    until(lambda: boots(site), "the start is recorded")
    killed = boots(site)[0]
    os.kill(site.programs["sipwarden-archiver"].process.pid, signal.SIGSTOP)
    pass_one(site)  # in memory alone
    passed_us = time.time_ns() // 1000
    site.programs["home1"].kill()
    if restarted:
        site.programs["sipwarden-archiver"].kill()
        site.archiver(site.home)
    else:
        os.kill(site.programs["sipwarden-archiver"].process.pid, signal.SIGCONT)
    site.proxy(site.home, "home1")
    gap, = until(lambda: gaps(site), "the gap is told")
    assert (gap.node, gap.boot, gap.worker) == (HOME, killed, 0)
    assert gap.from_us <= passed_us <= gap.to_us and gap.last >= 1
    site.programs["home1"].stop()
    site.proxy(site.home, "home1")
    pass_one(site)
    assert len(gaps(site)) == 1


def test_a_stop_without_the_archiver_is_a_gap(site):
    pass_one(site)
    until(lambda: boots(site), "the start is recorded")
    site.programs["sipwarden-archiver"].kill()
    pass_one(site)
    passed_us = time.time_ns() // 1000
    site.programs["home1"].stop()
    site.archiver(site.home)
    site.proxy(site.home, "home1")
    gap, = until(lambda: gaps(site), "the gap is told")
    assert gap.from_us <= passed_us <= gap.to_us


def test_a_run_that_the_archiver_never_saw_is_a_gap(site):
    site.programs["home1"].stop()
    site.programs["sipwarden-archiver"].kill()
    site.proxy(site.home, "home1")
    pass_one(site)
    passed_us = time.time_ns() // 1000
    site.programs["home1"].kill()
    site.archiver(site.home)
    site.proxy(site.home, "home1")
    gap, = until(lambda: gaps(site), "the gap is told")
    assert gap.from_us <= passed_us <= gap.to_us and gap.last == 0
    assert gap.boot not in boots(site)
