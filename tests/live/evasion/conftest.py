"""conftest.py -- one home server with every stage, for the whole folder: alice writes, bob listens."""
import pytest

from two_servers import ALL, FALCON, TwoServers


class Listeners:
    """The site, alice at two transports, and bob."""

    def __init__(self, site):
        self.site = site
        self.alice = site.agent("alice")
        self.stream = site.agent("alice", transport="tcp", register=False)
        self.bob = site.agent("bob", transport="tcp", answers={"INVITE": 486})

    def reached(self, call_id):
        """Whether anything of this Call-ID came to bob."""
        return any(message.get("Call-ID") == call_id for message in self.bob.seen)


@pytest.fixture(scope="package")
def people(tmp_path_factory):
    both = {"before": ALL, "after": ALL}
    with TwoServers(tmp_path_factory.mktemp("evasion"), home=both, rules=FALCON) as site:
        yield Listeners(site)
