"""test_hidden.py -- nobody hides words behind others, or has a rule put them together."""
import time

import pytest
from sip import token
from two_servers import ALL, TwoServers
from warden_site import until

EVERYWHERE = {"before": ALL, "after": ALL}
RULES = [{"name": "falcon-names", "terms": ["falcon"], "action": "block"},
         {"name": "gone", "expressions": ["secret"], "action": "replace", "with": ""},
         {"name": "masked", "terms": ["price"], "action": "replace", "with": "***"}]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("hidden"), home=EVERYWHERE, front_end=EVERYWHERE,
                    rules=RULES, server={"workers": 2}) as site:
        site.agent("bob")
        yield site


def bob_of(site):
    return site.agents[0]


def test_two_messages_with_the_same_names_are_both_shown(site):
    eve, call_id = site.eve(), token()
    for text in ("a harmless greeting", "the hidden plan"):
        assert eve.message("bob@example.com", text, call_id=call_id).status == 200
    row, = site.records(call_id, kind="im")
    assert [text["text"] for text in row["texts"]] == ["a harmless greeting"]
    differing = [seen for seen in row["observations"] if seen.get("differs")]
    assert {seen["node"] for seen in differing} == {"fe1.example.com", "home1.example.com"}
    assert all(seen["texts"][0]["text"] == "the hidden plan" for seen in differing)
    shown = site.command(site.home, "show", str(row["conversation"])).stdout
    assert "the hidden plan" in shown and "OTHER CONTENT" in shown


def test_what_a_rule_changed_on_the_way_is_no_difference(site):
    eve, call_id = site.eve(), token()
    assert eve.message("bob@example.com", "the price list", call_id=call_id).status == 200
    row, = site.records(call_id, kind="im")
    assert len(row["observations"]) == 2
    assert not any("differs" in seen for seen in row["observations"])


@pytest.mark.parametrize("text", ["falsecretcon", "falsesecretcretcon",
                                  "falsesesecretcretcretcon", "falsesesesecretcretcretcretcon"])
def test_an_edit_makes_no_forbidden_word(site, text):
    alice, bob = site.agent("alice"), bob_of(site)
    assert alice.message("bob@example.com", text).status == 403
    assert not bob.got("MESSAGE", "falcon")


def test_an_edit_leaves_nothing_to_edit(site):
    alice, bob = site.agent("alice"), bob_of(site)
    assert alice.message("bob@example.com", "it is sesesecretcretcret").status == 200
    until(lambda: bob.got("MESSAGE", "it is "), "the message has come")
    assert not bob.got("MESSAGE", "secret")


def test_an_edit_without_an_end_is_refused(site):
    alice = site.agent("alice")
    assert alice.message("bob@example.com", "se" * 20 + "cret" * 20).status == 403


def test_messages_with_one_branch_are_not_taken_for_one(site):
    """A branch that is used again, in another call, is no retransmission."""
    alice, bob = site.agent("alice"), bob_of(site)
    call_ids = [token() for _ in range(6)]
    for call_id in call_ids:
        alice.message("bob@example.com", "once more", call_id=call_id, branch="z9hG4bKsame",
                      wait=False)
    assert all(alice.answer_to(call_id).status == 200 for call_id in call_ids)
    time.sleep(0.2)
    came = [message.get("Call-ID") for message in bob.got("MESSAGE", "once more")]
    assert sorted(came) == sorted(call_ids)
