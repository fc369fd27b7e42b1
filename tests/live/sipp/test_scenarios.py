"""test_scenarios.py -- sipp's calls through a home server with every stage on.

A thousand of each kind, over UDP and TCP, IPv4 and IPv6: none fails, none comes
twice, and the archive has one record of each message that was forwarded or
answered, one outcome of each request and no more.
"""
import pytest

from sipp import PEOPLE, WAYS, SippSite

CALLS = 1000


def exactly(result, calls=CALLS):
    """Nothing failed, nothing unexpected came, nothing was lost on the way."""
    assert (result["exit"], result["succeeded"], result["failed"]) == (0, calls, 0), result
    unexpected = {step: count for step, count in result["steps"].items()
                  if count and "Unexp" in step}
    assert not unexpected, result


def run(site, client, servers, calls=CALLS, to=None, **more):
    """Servers listen for bob; clients call. What each of them counted, and the records
    that came of it."""
    listening = [site.sipp(server, transport=to) for server in servers]
    site.register_bob(*listening)
    before = site.counts_with(len(listening))
    results = [site.client(client, calls=calls, **more).finish()]
    results += [server.finish(told=True) for server in listening]
    for result in results:
        exactly(result, calls)
    return results, site.kinds_since(before)


def dialogs(results, messages, outcomes):
    """What calls leave: on a slow machine a callee repeats a 2xx, whose ACK may be late,
    or a caller an ACK; both pass from end to end, and each passage is a record."""
    client, server = results[0]["steps"], results[1]["steps"]
    again = sum(count for step, count in server.items() if step.endswith("_200_Retrans")
                and step.replace("_Retrans", "_Timeout") in server)
    acks = sum(count for step, count in client.items() if step.endswith("_ACK_Retrans"))
    return {"message": messages * CALLS + again + acks, "outcome": outcomes * CALLS + acks}


@pytest.fixture(params=WAYS, ids=["%s-%s" % way for way in WAYS])
def site(request, tmp_path):
    with SippSite(tmp_path, *request.param) as made:
        yield made


def test_register(site):
    before = site.counts()
    exactly(site.client("register_uac", calls=PEOPLE).finish(), PEOPLE)
    assert site.kinds_since(before) == {"message": PEOPLE, "outcome": PEOPLE}


def test_message(site):
    """MESSAGE, 200."""
    _, kinds = run(site, "message_uac", ["message_uas"])
    assert kinds == {"message": 2 * CALLS, "outcome": CALLS}
    assert len(site.rows(site.config, "search", "--limit", str(2 * CALLS), "lunch")) >= CALLS


def test_dialog(site):
    """INVITE, 180, 200, ACK; INVITE, 200, ACK; BYE, 200."""
    results, kinds = run(site, "dialog_uac", ["dialog_uas"])
    assert kinds == dialogs(results, 9, 5)


@pytest.mark.parametrize("transport,to", [("udp", "tcp"), ("tcp", "udp")])
def test_dialog_across_transports(tmp_path, transport, to):
    """Each side follows a Record-Route of its own (RFC 5658)."""
    with SippSite(tmp_path, transport, "127.0.0.1") as site:
        results, kinds = run(site, "dialog_uac", ["dialog_uas"], to=to)
        assert kinds == dialogs(results, 9, 5)


def test_cancel(site):
    """INVITE, 180, CANCEL, 487; the ACK ends here and so does the callee's 200."""
    _, kinds = run(site, "cancel_uac", ["cancelled_uas"])
    assert kinds == {"message": 4 * CALLS, "outcome": 2 * CALLS}


def test_fork(site):
    """INVITE, 180 twice, 200, ACK, BYE, 200; the other end's 487 goes no further, but is
    told in an outcome of its own, after the one that was written with the answer."""
    results, kinds = run(site, "fork_uac", ["fork_uas", "cancelled_uas"])
    assert kinds == dialogs(results, 7, 4)


def test_fork_that_nobody_takes(site):
    """INVITE, 486 as the better of two refusals."""
    _, kinds = run(site, "busy_uac", ["busy_uas", "broken_uas"])
    assert kinds == {"message": 2 * CALLS, "outcome": CALLS}


def test_each_request_twice(site):
    """Delivered once, answered once, recorded once."""
    _, kinds = run(site, "message_twice_uac", ["message_late_uas"], at_once=200)
    assert kinds == {"message": 2 * CALLS, "outcome": CALLS}


def test_cancel_at_once(site):
    """The CANCEL overtakes an INVITE that waits for the disk, or is held back until the
    callee rings: 200 and 487 each time. Who did not get the INVITE hears nothing of it."""
    listening = site.sipp("cancelled_late_uas")
    site.register_bob(listening)
    before = site.counts_with(1)
    client = site.client("cancel_at_once_uac", calls=CALLS).finish()
    exactly(client)
    server = listening.finish(told=True)
    rang = server["steps"].get("0_INVITE_Recv", 0)
    assert (server["succeeded"], server["failed"]) == (rang, 0), server
    kinds = site.kinds_since(before)
    # INVITE and CANCEL; where it got there the 180 and the 487.
    assert kinds["outcome"] == 2 * CALLS
    relayed = kinds["message"] - 2 * CALLS
    heard = client["steps"]["3_180_Recv"] + client["steps"]["5_180_Recv"]
    assert relayed == rang + heard, (kinds, client, server)
