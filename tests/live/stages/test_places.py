"""test_places.py -- each stage alone in each place does its work, and without it nobody does.

Three stages, before and after routing, at home and at the front-end: twelve places.
Eve writes to bob from outside, so that every message passes both servers.
"""
import pytest

from sip import EICAR, token
from two_servers import TwoServers

NODES = {"home": "home1.example.com", "front_end": "fe1.example.com"}
PLACES = [(node, place) for node in NODES for place in ("before", "after")]
EMPTY = {"before": [], "after": []}


def two_servers(folder, node, place, stage):
    chains = {"home": dict(EMPTY), "front_end": dict(EMPTY)}
    if stage:
        chains[node] = dict(EMPTY, **{place: [stage]})
    return TwoServers(folder, **chains)


def send(site, body, content_type):
    bob, eve = site.agent("bob"), site.eve()
    call_id = token()
    answer = eve.message("bob@example.com", body, content_type, call_id=call_id)
    return answer, bob, call_id


@pytest.mark.parametrize("node,place", PLACES)
def test_content_filter_blocks(tmp_path, node, place):
    with two_servers(tmp_path, node, place, "content-filter") as site:
        answer, bob, call_id = send(site, "the falcon price list", "text/plain")
        assert (answer.status, answer.reason) == (403, "Blocked by company policy")
        assert not bob.got("MESSAGE", "falcon")
        entry, = site.trail(call_id, NODES[node], method="MESSAGE", request=True)
        assert (entry["stage"], entry["verdict"], entry["rule"], entry["place"]) == (
            "content-filter", "answer", "falcon-names", place + "-routing")


@pytest.mark.parametrize("node,place", PLACES)
def test_virus_scan_refuses(tmp_path, node, place):
    with two_servers(tmp_path, node, place, "virus-scan") as site:
        answer, bob, call_id = send(site, EICAR, "application/zip")
        assert (answer.status, answer.reason) == (403, "Eicar-Test-Signature")
        assert not bob.got("MESSAGE", EICAR)
        entry, = site.trail(call_id, NODES[node], method="MESSAGE", request=True)
        assert (entry["stage"], entry["verdict"], entry["place"]) == (
            "virus-scan", "answer", place + "-routing")


@pytest.mark.parametrize("node,place", PLACES)
def test_log_takes_a_snapshot(tmp_path, node, place):
    with two_servers(tmp_path, node, place, "log") as site:
        answer, bob, call_id = send(site, "see you at the fair", "text/plain")
        assert answer.status == 200
        assert bob.get_request("MESSAGE").body == b"see you at the fair"
        entry, = site.trail(call_id, NODES[node], method="MESSAGE", request=True)
        assert (entry["stage"], entry["verdict"], entry["place"]) == (
            "log", "snapshot", place + "-routing")
        assert len(entry["snapshot"]) == 64


def test_without_any_stage_nothing_is_stopped_or_noted(tmp_path):
    """The twelve above fail where their stage is taken away: this is what happens then."""
    with two_servers(tmp_path, "home", "before", None) as site:
        answer, bob, _ = send(site, "the falcon price list", "text/plain")
        assert answer.status == 200 and bob.got("MESSAGE", "falcon")
        answer, bob, call_id = send(site, EICAR, "application/zip")
        assert answer.status == 200 and bob.got("MESSAGE", EICAR)
        for node in NODES.values():
            assert site.trail(call_id, node, method="MESSAGE", request=True) == []
