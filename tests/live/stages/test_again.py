"""test_again.py -- what has changed is judged anew, what has not is not."""
from sip import token
from two_servers import ALL, TwoServers


def verdicts(trail, stage):
    return [entry["verdict"] for entry in trail if entry["stage"] == stage]


def test_unchanged_content_is_not_judged_twice(tmp_path):
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        assert alice.message("bob@example.com", "lunch?", call_id=call_id).status == 200
        bob.get_request("MESSAGE")
        trail = site.trail(call_id, "home1.example.com", method="MESSAGE", request=True)
        assert verdicts(trail, "content-filter") == ["continue", "unchanged"]
        assert verdicts(trail, "virus-scan") == ["continue", "unchanged"]


def test_an_edit_is_judged_anew(tmp_path):
    """The first look takes letters out of what is then a word that the second look blocks, at
    once: a chain may be the last one that looks."""
    rules = [{"name": "code-names", "expressions": ["trout"], "action": "replace", "with": ""},
             {"name": "falcon-names", "terms": ["falcon"], "action": "block"}]
    with TwoServers(tmp_path, home={"before": ["content-filter"], "after": ["content-filter"]},
                    rules=rules) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        answer = alice.message("bob@example.com", "one faltroutcon", call_id=call_id)
        assert answer.status == 403
        assert not bob.got("MESSAGE")
        trail = site.trail(call_id, "home1.example.com", method="MESSAGE", request=True)
        assert [(entry["place"], entry["verdict"], entry["rule"], entry["version"])
                for entry in trail] == [
                    ("before-routing", "continue", "code-names", 0),
                    ("before-routing", "answer", "falcon-names", 1)]


def test_another_direction_is_judged_anew(tmp_path):
    """Before routing the next hop is a guess; the rule for what goes out sees where it goes."""
    rules = [{"name": "stays-in", "terms": ["falcon"], "direction": ["outbound"],
              "action": "block"}]
    with TwoServers(tmp_path, home={"before": ["content-filter"], "after": ["content-filter"]},
                    rules=rules, registrar={"from_outside": "allow"}) as site:
        alice = site.agent("alice")
        site.agent("bob", host="127.0.1.2")  # registered from outside
        call_id = token()
        assert alice.message("bob@example.com", "the falcon", call_id=call_id).status == 403
        trail = site.trail(call_id, "home1.example.com", method="MESSAGE", request=True)
        assert [(entry["place"], entry["verdict"]) for entry in trail] == [
            ("before-routing", "continue"), ("after-routing", "answer")]


def test_a_replacement_reaches_the_recipient_and_the_original_the_archive(tmp_path):
    rules = [{"name": "tidy", "terms": ["darn"], "action": "replace", "with": "[removed]"}]
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}, rules=rules) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        assert alice.message("bob@example.com", "darn good", call_id=call_id).status == 200
        got = bob.get_request("MESSAGE")
        assert got.body == b"[removed] good" and got.get("Content-Length") == "14"
        row, = site.records(call_id, method="MESSAGE", request=True)
        assert sorted(text["text"] for text in row["texts"]) == ["[removed] good", "darn good"]
