"""test_scanner_away.py -- files without a scanner; requests that wait for one."""
import contextlib
import signal

from sip import EICAR, token
from two_servers import ALL, TwoServers
from warden_site import until

BOTH = {"before": ALL, "after": ALL}
BEFORE = {"before": ALL, "after": []}
# No text by its bytes, so the scanner is asked.
FILE = b"PK\x05\x06" + bytes(18)
SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n" \
      "m=audio 40000 RTP/AVP 0\r\n"


def site_of(folder, home=BOTH, **virus_scan):
    return TwoServers(folder, home=home, stages={"virus-scan": virus_scan})


@contextlib.contextmanager
def stopped(site):
    """The scanner does nothing, but has not gone."""
    process = site.programs["sipwarden-scanner"].process
    process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        process.send_signal(signal.SIGCONT)


def scan_entry(site, call_id):
    return [entry for entry in site.trail(call_id, "home1.example.com", method="MESSAGE",
                                          request=True) if entry["stage"] == "virus-scan"][0]


def test_a_file_is_refused_and_text_passes(tmp_path):
    with site_of(tmp_path) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        site.programs["sipwarden-scanner"].kill()
        call_id = token()
        answer = alice.message("bob@example.com", FILE, "application/zip", call_id=call_id)
        assert answer.status == 503
        assert alice.message("bob@example.com", "plain words").status == 200
        assert [message.body for message in bob.got("MESSAGE")] == [b"plain words"]
        entry = scan_entry(site, call_id)
        assert (entry["verdict"], entry["status"]) == ("failed", 503)
        site.scanner(site.home)
        proxy = site.programs["home1"]
        until(lambda: proxy.text().count("The scanner is there") >= 4 or
              alice.message("bob@example.com", FILE, "application/zip").status == 200,
              "the scanner is found again")
        assert alice.message("bob@example.com", EICAR, "application/zip").status == 403


def test_a_file_passes_where_failure_says_continue(tmp_path):
    with site_of(tmp_path, on_failure="continue") as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        site.programs["sipwarden-scanner"].kill()
        call_id = token()
        answer = alice.message("bob@example.com", FILE, "application/zip", call_id=call_id)
        assert answer.status == 200 and bob.get_request("MESSAGE").body == FILE
        entry = scan_entry(site, call_id)
        assert entry["verdict"] == "failed" and entry["reason"]


def test_what_cannot_be_judged_is_refused_all_the_same(tmp_path):
    with site_of(tmp_path, on_failure="continue") as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        site.programs["sipwarden-scanner"].kill()
        answer = alice.message("bob@example.com", "Hello.", "application/pkcs7-mime")
        assert answer.status == 403 and not bob.got("MESSAGE")


def test_the_deadline_ends_the_wait(tmp_path):
    with site_of(tmp_path, deadline="500ms") as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        with stopped(site):
            call_id = token()
            answer = alice.message("bob@example.com", FILE, "application/zip", call_id=call_id)
            assert answer.status == 503 and not bob.got("MESSAGE")
            assert alice.message("bob@example.com", "plain words").status == 200
        entry = scan_entry(site, call_id)
        assert (entry["verdict"], entry["reason"]) == ("failed", "deadline")
        assert alice.message("bob@example.com", FILE, "application/zip").status == 200


def test_the_server_stops_without_a_critical_stage(tmp_path):
    with site_of(tmp_path, critical=True) as site:
        alice = site.agent("alice")
        assert alice.message("alice@example.com", "plain words").status == 200
        site.programs["sipwarden-scanner"].kill()
        proxy = site.programs["home1"]
        until(lambda: proxy.process.poll() is not None, "the server stops")
        assert "critical stage virus-scan is gone" in proxy.text()
        assert proxy.process.returncode == 69


def test_a_cancel_meanwhile(tmp_path):
    with site_of(tmp_path, deadline="15s") as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id, branch = token(), token("z9hG4bK")
        body = ("--limit\r\nContent-Type: application/sdp\r\n\r\n" + SDP +
                "\r\n--limit\r\nContent-Type: application/zip\r\n\r\n").encode() + FILE + \
            b"\r\n--limit--\r\n"
        with stopped(site):
            alice.send(alice.request(
                "INVITE", "sip:bob@example.com", call_id=call_id, branch=branch, body=body,
                headers=["Contact: <%s>" % alice.contact,
                         "Content-Type: multipart/mixed;boundary=limit"]))
            until(lambda: [message for message in alice.seen if not message.is_request and
                           message.status == 100], "the INVITE has come")
            alice.send(alice.request("CANCEL", "sip:bob@example.com", call_id=call_id,
                                     branch=branch))
            answers = {}
            while len(answers) < 2:
                answer = alice.answer_to(call_id)
                answers[answer.method] = answer.status
            assert answers == {"CANCEL": 200, "INVITE": 487}
        # Whatever the scanner still says comes before what it says of this one.
        assert alice.message("bob@example.com", FILE, "application/zip").status == 200
        assert not bob.got("INVITE")


def test_messages_of_a_call_leave_in_their_order(tmp_path):
    with site_of(tmp_path, deadline="15s") as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        call_id = token()
        with stopped(site):
            alice.message("bob@example.com", FILE, "application/zip", call_id=call_id, cseq=1,
                          wait=False)
            for cseq in (2, 3):
                alice.message("bob@example.com", "number %d" % cseq, call_id=call_id, cseq=cseq,
                              wait=False)
            assert alice.message("bob@example.com", "another call").status == 200
            assert [message.body for message in bob.got("MESSAGE")] == [b"another call"]
        for _ in range(3):
            assert alice.answer_to(call_id).status == 200
        assert [message.body for message in bob.got("MESSAGE")] == [
            b"another call", FILE, b"number 2", b"number 3"]
