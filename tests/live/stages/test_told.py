"""test_told.py -- who sent a refused file is told once, whichever worker finds it infected."""
from sip import EICAR
from two_servers import TwoServers
from warden_site import until

FILES = 12


def notices(site):
    return [row for row in site.records(method="MESSAGE", request=True) if row["made_here"]]


def final_answers(row):
    return [event["status"] for seen in row["observations"] for event in seen["outcome"]
            if event["event"] == "final"]


def test_the_answer_to_a_notice_finds_its_worker(tmp_path):
    """Else the notice is repeated for 32 s: its answer must come to the worker that sent it."""
    stages = {"before": ["virus-scan"], "after": []}
    with TwoServers(tmp_path, home=stages, server={"workers": 4}) as site:
        alice, bob = site.agent("alice"), site.agent("bob")
        for _ in range(FILES):
            assert alice.message(bob.address, EICAR, "application/zip").status == 403
        for _ in range(FILES):
            alice.get_request("MESSAGE")
        until(lambda: [final_answers(row) for row in notices(site)] == [[200]] * FILES,
              "every notice has had its answer", 10)
