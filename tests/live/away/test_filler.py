"""test_filler.py -- who fills the scanner gets nothing past it; what a stop cuts short is told."""
from journal_files import records
from sip import EICAR, token
from two_servers import ALL, TwoServers
from warden_site import until


class SmallScanner(TwoServers):
    """One file is judged, one waits."""

    def settings(self, *names, **changes):
        made = super().settings(*names, **changes)
        made["scanner"].update(workers=1, queue=1)
        return made


def finals(agent):
    return [message for message in agent.seen if not message.is_request and
            message.method == "MESSAGE" and message.status >= 200]


def test_a_full_queue_is_no_failure_to_forgive(tmp_path):
    with SmallScanner(tmp_path, home={"before": ALL, "after": ALL}, store=False,
                      stages={"virus-scan": {"on_failure": "continue"}}) as site:
        alice, bob = site.agent("alice", transport="tcp"), site.agent("bob")
        alice.answers["MESSAGE"] = 200
        sent = [alice.message("bob@example.com", EICAR, "application/zip", wait=False)
                for _ in range(80)]
        until(lambda: len(finals(alice)) >= len(sent), "all are answered")
        answers = {answer.status: answer for answer in finals(alice)}
        assert set(answers) == {403, 503}, sorted(answers)
        assert answers[503].get("Retry-After").isdigit()
        assert not bob.got("MESSAGE")


def test_a_stop_cuts_notices_short(tmp_path):
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}, store=False) as site:
        alice, bob = site.agent("alice", answers={"MESSAGE": 0}), site.agent("bob")
        call_id = token()
        answer = alice.message("bob@example.com", EICAR, "application/zip", call_id=call_id)
        assert answer.status == 403 and not bob.got("MESSAGE")
        assert alice.get_request("MESSAGE")  # the notice, which she never answers
        site.programs["home1"].stop()
        assert "Stopping with work under way" not in site.programs["home1"].text()
        outcomes = [record for record in records(site.path("journal")) if record.kind == 2]
        assert any(b"cut-short" in record.payload for record in outcomes)
