"""two_servers.py -- a home server and, before it, a front-end: alice and bob inside, eve outside."""
from sip import Agent
from warden_site import Site, free_pair, until

HOME = "127.0.0.11"
FRONT_END = "127.0.0.21"
ALL = ["log", "content-filter", "virus-scan"]
FALCON = [{"name": "falcon-names", "terms": ["falcon"], "action": "block",
           "reason": "Blocked by company policy"}]


class TwoServers(Site):
    """home and front_end: {"before": stages, "after": stages}; None: no such server."""

    def __init__(self, folder, home=None, front_end=None, rules=FALCON, scanner=True,
                 store=True, **changes):
        super().__init__(folder)
        self.agents = []
        self.write_users({"alice@example.com": "home1.example.com",
                          "bob@example.com": "home1.example.com"})
        self.write_rules(rules)
        home = home or {"before": [], "after": []}
        self.home_address = (HOME, free_pair(HOME))
        self.front_end_address = (FRONT_END, free_pair(FRONT_END))
        self.home = self.configure(
            "home1.example.com", "home", self.listeners(self.home_address),
            before_routing=home["before"], after_routing=home["after"],
            internal_servers=[{"name": "fe1.example.com", "address": "%s:%d" % self.front_end_address,
                               "transport": "udp", "role": "front-end"}], **changes)
        self.archiver(self.home)
        if scanner:
            self.scanner(self.home)
        self.proxy(self.home, "home1")
        self.front_end = None
        if front_end:
            self.front_end = self.configure(
                "fe1.example.com", "front-end", self.listeners(self.front_end_address),
                before_routing=front_end["before"], after_routing=front_end["after"],
                internal_servers=[{"name": "home1.example.com", "address": "%s:%d" % self.home_address,
                                   "transport": "udp", "role": "home"}], **changes)
            self.proxy(self.front_end, "fe1")
        if store:
            self.store(self.home)

    @staticmethod
    def listeners(address):
        return [(transport, "%s:%d" % address) for transport in ("udp", "tcp")]

    def agent(self, user, server=None, register=True, **more):
        agent = Agent(user, server or self.home_address, **more)
        self.agents.append(agent)
        if register:
            answer = agent.register()
            assert answer.status == 200, answer
        return agent

    def eve(self, **more):
        """Somebody outside, who comes in by the front-end."""
        return self.agent("eve", self.front_end_address, register=False, host="127.0.1.1",
                          domain="elsewhere.example", **more)

    def stop(self):
        for agent in self.agents:
            agent.close()
        super().stop()

    def stats(self):
        return self.rows(self.home, "stats")[-1]

    def records(self, call_id=None, **wanted):
        """Every message that the archive knows, as `sipwarden show --json` prints it."""
        until(lambda: self.stats()["behind"] == 0, "the index has caught up")
        rows = []
        for conversation in range(1, self.stats()["conversations"] + 1):
            rows += [row for row in self.rows(self.home, "show", str(conversation))
                     if "call_id" in row]
        return [row for row in rows if (call_id is None or row["call_id"] == call_id) and
                all(row[name] == value for name, value in wanted.items())]

    def trail(self, call_id, node, **wanted):
        """The trail of one request (or response) of this Call-ID at one server."""
        found = [seen for row in self.records(call_id, **wanted)
                 for seen in row["observations"] if seen["node"] == node]
        assert len(found) == 1, found
        return found[0]["trail"]
