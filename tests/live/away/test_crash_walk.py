"""test_crash_walk.py -- archiver, proxy and store die at the n-th write, sync, rename or
send, for every n, or find no memory at the n-th request; nothing that was answered or
delivered is lost, nothing recorded twice, and all go on.

tests/support/walk.py says how points are chosen; SIPWARDEN_WALK=all takes every one.
"""
import collections
import itertools

import pytest

from warden_site import until
from walk import DIED, WalkedSite, chosen

WAYS = ("kill", "kill-half", "kill-after")


def count_points(site, rule, once_ready=False):
    """Points of one start and its traffic."""
    site.restart(rule, once_ready=once_ready)
    site.traffic()
    met, = site.faults.met()
    assert site.went_well(), site.sent
    assert met > 10, "the points are not where they were: %d" % met
    return met


@pytest.mark.parametrize("walked,sample", [("sipwarden-archiver", 24), ("home1", 12)])
def test_it_dies_at_each_step(tmp_path, walked, sample):
    with WalkedSite(tmp_path, walked, scanner=False, store=False) as site:
        points = count_points(site, "step::0:kill")
        for n, way in zip(chosen(points, sample, walked), itertools.cycle(WAYS)):
            site.restart("step::%d:%s" % (n, way))
            site.traffic()
        site.flows()
        assert site.deaths and {code for code, _ in site.deaths} <= set(DIED), site.deaths
        count = site.settled()
        # The archiver alone went: the proxy never sends a message twice.
        if walked == "sipwarden-archiver":
            assert set(count.values()) == {1}


def test_the_store_dies_at_each_step(tmp_path):
    with WalkedSite(tmp_path, "sipwarden-store", scanner=False) as site:
        def indexed():
            until(lambda: site.program.process.poll() is not None or
                  site.command(site.home, "stats", check=False).returncode == 0, "the store answers")
            if site.program.process.poll() is not None:
                site.revive()

        points = count_points(site, "disk:%s:0:kill" % site.path("index"))
        for n, way in zip(chosen(points, 8, "store"), itertools.cycle(WAYS)):
            site.restart("disk:%s:%d:%s" % (site.path("index"), n, way))
            site.traffic()
            indexed()
        site.flows()
        until(lambda: site.stats()["behind"] == 0, "the index has caught up")
        assert site.deaths and {code for code, _ in site.deaths} <= set(DIED), site.deaths
        rows = site.records(request=True, method="MESSAGE")
        found = collections.Counter(row["call_id"] for row in rows)
        assert found == site.settled()


# A library that finds no memory at a start may end the program as it likes (OpenSSL,
# libseccomp and the C library's name service do): nothing has been accepted yet.
@pytest.mark.parametrize("whose,once_ready", [("own", False), ("", True)],
                         ids=["own", "libraries"])
@pytest.mark.parametrize("walked", ["sipwarden-archiver", "home1"])
def test_it_finds_no_memory(tmp_path, walked, whose, once_ready):
    with WalkedSite(tmp_path, walked, scanner=False, store=False) as site:
        points = count_points(site, "malloc:%s:0:ENOMEM" % whose, once_ready)
        for n in chosen(points, 12, "%s, memory %s" % (walked, whose)):
            site.restart("malloc:%s:%d:ENOMEM" % (whose, n), once_ready=once_ready)
            site.traffic()
        site.flows()
        for code, text in site.deaths:
            # It ends by its own word, in a sentence, or it does not end.
            assert code > 0 and (" fatal: " in text or code == 78), (code, text)
        site.settled()
