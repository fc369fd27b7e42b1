"""test_statistics.py -- what the programs tell of themselves agrees with what was sent."""
import json
import os
import socket

from two_servers import TwoServers
from warden_site import until


def programs(site):
    return site.rows(site.home, "stats")[-1]["programs"]


def values(site, program):
    return programs(site)[program]["values"]


def test_counts_agree_with_what_was_sent(site):
    alice, bob = site.agent("alice"), site.agent("bob")
    for number in range(20):
        assert alice.message("bob@example.com", "number %d" % number).status == 200
    for _ in range(3):
        assert alice.message("bob@example.com", "the falcon flies").status == 403
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.1.7", 0))
        for _ in range(7):
            stranger.sendto(b"this is no SIP\r\n\r\n", site.home_address)
        until(lambda: sum(values(site, "proxy")["malformed"].values()) == 7,
              "seven datagrams were dropped")
    proxy = programs(site)["proxy"]
    told = proxy["values"]
    assert told["methods"] == {"REGISTER": 2, "MESSAGE": 23}
    assert told["requests"] == 25 and told["forwarded"] == 20 and told["responses"] == 20
    assert told["refused"] == {"content-filter 403 falcon-names": 3}
    assert told["verdicts"]["content-filter answer"] == 3
    assert told["bindings"] == 2
    assert told["workers.silent"] == 0
    # transactions absorb for 32 s: 25 of ours, 20 to bob
    assert told["queue.transactions.highest"] > 0 and told["queue.transactions.refused"] == 0
    assert [(source["address"], source["dropped"]) for source in proxy["sources"]] == \
        [("127.0.1.7", 7)]
    until(lambda: values(site, "proxy")["archiver.durable"] ==
          values(site, "proxy")["archiver.records"], "all records are durable")
    archiver = values(site, "archiver")
    # its own boot record is not a maker's
    assert archiver["records"] >= values(site, "proxy")["archiver.records"]
    assert 0 < archiver["batches"] <= archiver["records"] and archiver["disk.stalled"] == 0
    until(lambda: values(site, "store")["behind.records"] == 0, "the index caught up")
    assert values(site, "store")["watermark"] >= archiver["last_record"]
    scanner = programs(site)["scanner"]
    assert scanner["values"]["workers.ready"] >= 2 and len(scanner["generation"]) == 16
    bob.close()


def test_who_is_away_is_shown_with_what_to_do(site):
    site.programs["sipwarden-scanner"].stop()
    until(lambda: values(site, "proxy")["scanner.away"] == values(site, "proxy")["workers"],
          "every worker has seen the scanner go")
    told = programs(site)
    assert told["scanner"]["away"] is True
    assert "start sipwarden-scanner --config %s" % site.home in told["scanner"]["do"]
    assert "publisher" not in told, "no Kafka is configured"
    shown = site.command(site.home, "stats").stdout
    assert "scanner  away: start sipwarden-scanner" in shown
    log = site.programs["home1"].text()
    assert log.count("event=scanner-away") == told["proxy"]["values"]["workers"]
    site.scanner(site.home)
    until(lambda: values(site, "proxy")["scanner.away"] == 0, "the scanner is back")


def entries(site, what, *options):
    rows = site.rows(site.home, "dump", *options, what)
    assert rows[-1]["shown"] == len(rows) - 1 and rows[-1]["silent"] == 0
    return rows[:-1]


def test_dump_shows_what_is_under_way_and_no_content(site):
    alice, bob = site.agent("alice"), site.agent("bob", transport="tcp")
    assert alice.message("bob@example.com", "a word nobody else may read").status == 200
    # over UDP the client's side absorbs for a while
    assert bob.message("alice@example.com", "nor this one").status == 200
    bindings = entries(site, "bindings")
    assert sorted(row["user"] for row in bindings) == ["alice@example.com", "bob@example.com"]
    assert bindings[0]["expires_s"] > 3000
    transactions = entries(site, "transactions")
    assert {row["side"] for row in transactions} >= {"server", "client"}
    assert {row["status"] for row in transactions if row["side"] == "server"} == {200}
    connections = entries(site, "connections")
    assert [row["opened_by"] for row in connections] == ["peer"]
    assert connections[0]["peer"].startswith("127.0.0.1:")
    everything = json.dumps([bindings, transactions, connections])
    assert "nobody else" not in everything and "nor this" not in everything
    first = site.command(site.home, "dump", "--limit", "1", "bindings")
    assert len(first.stdout.splitlines()) == 2 and "there are more" in first.stderr


def test_a_password_in_a_contact_is_not_shown(site):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
        phone.bind(("127.0.0.1", 0))
        phone.settimeout(20)
        phone.sendto(("REGISTER sip:example.com SIP/2.0\r\n"
                      "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKpassword\r\n"
                      "From: <sip:bob@example.com>;tag=1\r\nTo: <sip:bob@example.com>\r\n"
                      "Call-ID: password\r\nCSeq: 1 REGISTER\r\nMax-Forwards: 70\r\n"
                      "Contact: <sip:bob:secret@127.0.0.1:%d?Subject=hidden>\r\n"
                      "Content-Length: 0\r\n\r\n" % ((phone.getsockname()[1],) * 2)).encode(),
                     site.home_address)
        assert phone.recv(4096).startswith(b"SIP/2.0 200 ")
        shown = site.command(site.home, "dump", "bindings").stdout
        assert "sip:bob@127.0.0.1" in shown
        assert "secret" not in shown and "hidden" not in shown


def test_many_entries_are_shown_while_sip_goes_on(site):
    alice, bob = site.agent("alice"), site.agent("bob")
    server = site.home_address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as flood:
        flood.bind(("127.0.0.1", 0))
        for number in range(3000):
            flood.sendto(("OPTIONS sip:nobody@elsewhere.example SIP/2.0\r\n"
                          "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKmany%d\r\n"
                          "From: <sip:x@example.com>;tag=%d\r\nTo: <sip:y@example.com>\r\n"
                          "Call-ID: many-%d\r\nCSeq: 1 OPTIONS\r\nMax-Forwards: 70\r\n"
                          "Content-Length: 0\r\n\r\n" %
                          (flood.getsockname()[1], number, number, number)).encode(), server)
            if number % 100 == 0:
                assert alice.message("bob@example.com", "between").status == 200
    shown = entries(site, "transactions")
    assert len(shown) > 1000
    assert alice.message("bob@example.com", "after it").status == 200
    assert bob.get_request("MESSAGE")


def test_who_may_not_speak_the_protocol_hurts_nobody(site):
    path = site.socket("home1")
    assert os.stat(path).st_mode & 0o007 == 0, "others have no access"
    silent = []
    for _ in range(40):
        asker = socket.socket(socket.AF_UNIX)
        asker.connect(path)
        silent.append(asker)
    for asker in silent:
        asker.close()
    with socket.socket(socket.AF_UNIX) as asker:
        asker.connect(path)
        asker.sendall(b"\xff" * 100)
        asker.settimeout(10)
        assert asker.recv(100) == b""
    assert values(site, "proxy")["workers"] > 0


def test_wrong_use_says_what_is_right(site):
    for words, said in ([["dump"], "bindings, transactions"], [["dump", "secrets"], "bindings"],
                        [["stats", "--watch", "soon"], "--watch takes a number"],
                        [["reload", "now"], "takes options alone"]):
        done = site.command(site.home, *words, check=False)
        assert done.returncode == 2 and said in done.stderr, done


def test_the_spool_is_told_while_kafka_is_away(tmp_path):
    with TwoServers(tmp_path, scanner=False) as site:
        settings = json.load(open(site.home, encoding="utf-8"))
        settings["archive"]["kafka"] = {"brokers": "127.0.0.1:1",
                                        "socket": site.socket("publisher")}
        with open(site.home, "w", encoding="utf-8") as file:
            json.dump(settings, file)
        site.publisher(site.home)
        alice = site.agent("alice")
        site.agent("bob")
        for number in range(10):
            assert alice.message("bob@example.com", "number %d" % number).status == 200
        until(lambda: values(site, "publisher")["broker.away"] == 1, "Kafka is away")
        until(lambda: values(site, "publisher")["lag.records"] ==
              site.stats()["records"] > 10, "all that is in the journal waits")
        until(lambda: values(site, "publisher")["lag.age_s"] > 0, "it grows old")
        assert site.programs["sipwarden-publisher"].text().count("event=broker-away") == 1
        assert site.programs["sipwarden-publisher"].stop() == 0
