"""test_storm.py -- the short storm: kills, a stopped broker, a full disk and a hung scanner under load.

SIPWARDEN_STORM_SEED repeats one; storm.py beside this file is the long form.
"""
import argparse
import os
import random

from storms.reconcile import printed
from storms.run import Storm

KILLS = 12


def options_of(seed):
    return argparse.Namespace(
        seed=seed, kills=KILLS, rate=200.0, every=2.0, only=[], seconds=0.0, drain=20.0,
        receivers=30, senders=30, segment="8MB", disk=2 << 30,
        counts={"broker": 1, "full": 1, "hung": 1, "hang": 1, "stop": 1})


def test_nothing_is_lost_doubled_or_unrecorded(tmp_path):
    seed = int(os.environ.get("SIPWARDEN_STORM_SEED") or random.SystemRandom().randrange(1 << 31))
    findings, counts = Storm(tmp_path, options_of(seed)).run()
    printed(findings, print)
    assert not findings, "seed %d: %d findings" % (seed, len(findings))
    assert counts["kills with work under way"] >= KILLS, counts
    assert counts["received"] > 1000 and counts["records"] > 10000, counts
