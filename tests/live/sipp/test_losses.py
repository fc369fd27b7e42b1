"""test_losses.py -- datagrams that are lost on the way: sent again, delivered once.

One in twenty is lost at each sipp that is told so, in both directions.
"""
import collections

from sipp import SippSite
from warden_site import until

LOSS = 5
CALLS = 1000


def test_a_callee_that_misses_messages(tmp_path):
    """What we repeat is no second message; what the callee repeats is absorbed. We repeat often:
    a callee of sipp's forgets a call after five seconds."""
    with SippSite(tmp_path, "udp", "127.0.0.1", limits={"t1": "100ms"}) as site:
        bob = site.sipp("message_lossy_uas", lose=LOSS)
        site.register_bob(bob)
        before = site.counts_with(1)
        sent = site.client("message_uac", calls=CALLS, at_once=200).finish()
        assert (sent["succeeded"], sent["failed"]) == (CALLS, 0), sent
        got = bob.finish(told=True)
        assert (got["succeeded"], got["failed"]) == (CALLS, 0), got
        assert site.kinds_since(before) == {"message": 2 * CALLS, "outcome": CALLS}


def test_a_200_that_comes_twice(tmp_path):
    """A 2xx and its ACK are repeated from end to end, through us: the same message seen
    again, never another one."""
    with SippSite(tmp_path, "udp", "127.0.0.1") as site:
        bob = site.sipp("answers_twice_uas")
        site.register_bob(bob)
        before = site.counts_with(1)
        sent = site.client("twice_answered_uac", calls=CALLS, at_once=200).finish()
        assert (sent["succeeded"], sent["failed"]) == (CALLS, 0), sent
        got = bob.finish(told=True)
        assert (got["succeeded"], got["failed"]) == (CALLS, 0), got
        # INVITE, 180, 200 twice, ACK twice, BYE, 200.
        assert site.kinds_since(before) == {"message": 8 * CALLS, "outcome": 4 * CALLS}
        for conversation in range(CALLS // 2, CALLS // 2 + 10):
            rows = site.rows(site.config, "show", str(conversation))
            times = collections.Counter(
                (row["request"], row["method"], row.get("status"), len(row["observations"]))
                for row in rows if "call_id" in row)
            assert len(times) == 6 and set(times.values()) == {1}, rows
            assert times[True, "ACK", None, 2] + times[True, "ACK", 0, 2] == 1, times
            assert times[False, "INVITE", 200, 2] == 1, times


def test_nothing_stays_behind(tmp_path):
    """All outcomes come without a stop; when the last transaction is over, a stop finds
    nobody left."""
    calls = 200
    with SippSite(tmp_path, "udp", "127.0.0.1", limits={"t1": "200ms"}) as site:
        outcomes = 0
        for client, servers, each in [("message_uac", ["message_uas"], 1),
                                      ("dialog_uac", ["dialog_uas"], 5),
                                      ("cancel_uac", ["cancelled_uas"], 2),
                                      ("fork_uac", ["fork_uas", "cancelled_uas"], 4),
                                      ("busy_uac", ["busy_uas", "broken_uas"], 1)]:
            listening = [site.sipp(server) for server in servers]
            site.register_bob(*listening)
            sent = site.client(client, calls=calls).finish()
            assert (sent["succeeded"], sent["failed"]) == (calls, 0), sent
            for server in listening:
                server.finish(told=True)
            site.unregister_bob(*listening)
            outcomes += 2 * len(listening) + each * calls
        until(lambda: site.counts()["outcome"] == outcomes, "every outcome is recorded",
              seconds=60)
        until(lambda: not [row for row in site.rows(site.config, "dump", "transactions")
                           if "side" in row],
              "every transaction is over", seconds=60)
        assert site.home.stop() == 0
        assert "let_go=0" in site.home.text() and "let_go=1" not in site.home.text()
