"""three_servers.py -- two home servers and a front-end: alice and bob at one home, dora at the other."""
from sip import Agent
from two_servers import FALCON, FRONT_END, HOME, TwoServers
from warden_site import Site, free_pair

OTHER_HOME = "127.0.0.12"
NAMES = {"home1.example.com": "home", "home2.example.com": "home", "fe1.example.com": "front-end"}


class ThreeServers(TwoServers):
    """chains: {name of a server: {"before": stages, "after": stages}}."""

    def __init__(self, folder, chains=None, rules=FALCON, scanner=True, **changes):
        Site.__init__(self, folder)
        self.agents = []
        self.write_users({"alice@example.com": "home1.example.com",
                          "bob@example.com": "home1.example.com",
                          "dora@example.com": "home2.example.com"})
        self.write_rules(rules)
        self.addresses = {name: (host, free_pair(host)) for name, host in zip(
            NAMES, (HOME, OTHER_HOME, FRONT_END))}
        self.home_address, self.other_address, self.front_end_address = self.addresses.values()
        self.configurations = {
            name: self.configure_one(name, (chains or {}).get(name, {}), changes)
            for name in NAMES}
        self.home = self.configurations["home1.example.com"]
        self.archiver(self.home)
        if scanner:
            self.scanner(self.home)
        for name, configuration in self.configurations.items():
            self.proxy(configuration, name)
        self.store(self.home)

    def configure_one(self, name, chain, changes):
        others = [{"name": other, "address": "%s:%d" % self.addresses[other],
                   "transport": "udp", "role": role}
                  for other, role in NAMES.items() if other != name]
        return self.configure(
            name, NAMES[name], self.listeners(self.addresses[name]), internal_servers=others,
            before_routing=chain.get("before", []), after_routing=chain.get("after", []),
            **changes)

    def dora(self, **more):
        return self.agent("dora", self.other_address, **more)

    def unregistered(self, user, **more):
        """Somebody of ours who asks the front-end."""
        agent = Agent(user, self.front_end_address, **more)
        self.agents.append(agent)
        return agent
