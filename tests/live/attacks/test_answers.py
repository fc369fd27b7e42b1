"""test_answers.py -- an answer speaks for the request that it answers, and for no other."""
import pytest
from sip import CRLF, token
from two_servers import ALL, TwoServers

EVERYWHERE = {"before": ALL, "after": ALL}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with TwoServers(tmp_path_factory.mktemp("answers"), home=EVERYWHERE,
                    server={"workers": 1}) as site:
        yield site


def answer_with(changes):
    """200 in which some headers are other than in the request."""
    def answer(agent, request, source):
        headers = {name: request.get(name) for name in ("From", "To", "Call-ID", "CSeq")}
        headers["To"] += ";tag=" + agent.tag
        headers.update(changes)
        lines = ["SIP/2.0 200 OK", *("Via: " + via for via in request.all("Via")),
                 *("%s: %s" % item for item in headers.items()),
                 "Content-Type: text/plain", "Content-Length: 5", "", "hello"]
        agent.send(CRLF.join(lines), to=source)
    return answer


@pytest.mark.parametrize("changes", [
    {"Call-ID": "somebody-elses"}, {"From": "<sip:carol@example.com>;tag=other"},
    {"CSeq": "9 MESSAGE"}], ids=lambda changes: list(changes)[0])
def test_an_answer_to_something_else_goes_nowhere(site, changes):
    bob = site.agent("bob", answers={"MESSAGE": answer_with(changes)})
    alice = site.agent("alice", register=False)
    call_id = token()
    alice.message("bob@example.com", "are you there?", call_id=call_id, wait=False)
    got = alice.answer_to(call_id, "MESSAGE")
    assert got.status == 502, got
    assert not [message for message in alice.seen if message.status == 200]
    assert bob.got("MESSAGE")
    bob.register(expires=0)


def test_the_right_answer_goes_on(site):
    bob = site.agent("bob", answers={"MESSAGE": answer_with({})})
    assert site.agent("alice", register=False).message("bob@example.com", "hello").status == 200
    bob.register(expires=0)
