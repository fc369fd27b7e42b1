"""test_stop.py -- a stop while messages are under way loses none of them."""
from sipp import SippSite
from warden_site import until


def test_stop_in_the_middle(tmp_path):
    """What was taken is delivered, answered and recorded with its outcome; what comes
    after that is refused and not recorded."""
    with SippSite(tmp_path, "tcp", "127.0.0.1") as site:
        bob = site.sipp("message_late_uas")
        site.register_bob(bob)
        before = site.counts_with(1)
        client = site.client("message_uac", calls=100000, at_once=200)
        # Under load the index need not ever stand still: what it has so far is enough.
        until(lambda: site.rows(site.config, "stats")[-1]["kinds"]["message"] > 500,
              "some hundred messages have passed")
        kinds = site.kinds_since(before)
        client.kill()
        got = bob.finish(told=True)
        assert got["failed"] == 0 and got["succeeded"] > 250, got
        assert kinds == {"message": 2 * got["succeeded"], "outcome": got["succeeded"]}
