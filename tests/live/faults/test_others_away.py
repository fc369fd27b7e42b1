"""test_others_away.py -- the store away, the proxy started again, one client too eager."""
import signal

import pytest

from sip import token
from two_servers import ALL, TwoServers
from warden_site import until

BOTH = {"before": ALL, "after": ALL}


def test_without_a_store_sip_goes_on(tmp_path):
    with TwoServers(tmp_path, home=BOTH, store=False) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        assert alice.message("bob@example.com", "nobody reads this yet").status == 200
        assert bob.get_request("MESSAGE")
        for command in (["search", "nobody"], ["show", "1"], ["stats"]):
            done = site.command(site.home, *command, check=False)
            # the other programs are there, and stats shows them
            assert done.returncode == 1 and (command == ["stats"] or not done.stdout)
            assert "start sipwarden-store --config %s" % site.home in done.stderr
        site.store(site.home)
        found = site.rows(site.home, "search", "nobody")
        assert [row["from"]["address"] if isinstance(row.get("from"), dict) else row.get("from")
                for row in found if "from" in row] == ["alice@example.com"]


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL], ids=["stopped", "killed"])
def test_bindings_outlive_the_proxy(tmp_path, how):
    with TwoServers(tmp_path, home=BOTH, store=False) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        site.programs["home1"].stop(how)
        site.proxy(site.home, "home1")
        assert alice.message("bob@example.com", "still there?").status == 200
        assert bob.get_request("MESSAGE").body == b"still there?"


def test_a_removed_binding_stays_removed(tmp_path):
    with TwoServers(tmp_path, home=BOTH, store=False) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        assert bob.register(expires=0).status == 200
        site.programs["home1"].kill()
        site.proxy(site.home, "home1")
        assert alice.message("bob@example.com", "still there?").status == 480


def finals(agent):
    return [message for message in agent.seen if not message.is_request and
            message.method == "MESSAGE" and message.status >= 200]


def test_one_client_has_ten_requests_outstanding(tmp_path):
    with TwoServers(tmp_path, home=BOTH, store=False, limits={"client_requests": 10}) as site:
        alice, carol = site.agent("alice"), site.agent("alice", register=False)
        bob = site.agent("bob", answers={"MESSAGE": 0})
        sent = [token() for _ in range(14)]
        for call_id in sent:
            alice.message("bob@example.com", "one more", call_id=call_id, wait=False)
        refused = until(lambda: finals(alice)[3:] and finals(alice), "four are refused")
        assert [answer.status for answer in refused] == [503] * 4
        assert all(answer.get("Retry-After").isdigit() for answer in refused)
        until(lambda: len({message.get("Call-ID") for message in bob.got("MESSAGE")}) == 10,
              "ten have come")
        # Another client is not concerned; and what is answered makes room.
        other = carol.message("bob@example.com", "from another", wait=False)
        bob.answers["MESSAGE"] = 200
        waiting = set(sent) - {answer.get("Call-ID") for answer in refused}
        for call_id in waiting | {other}:
            agent = carol if call_id == other else alice
            assert agent.answer_to(call_id).status == 200
        assert alice.message("bob@example.com", "again").status == 200
