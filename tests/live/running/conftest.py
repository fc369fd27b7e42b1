"""conftest.py -- a home server with every program but Kafka's, for these tests."""
import pytest
from two_servers import ALL, TwoServers


@pytest.fixture
def site(tmp_path):
    with TwoServers(tmp_path, home={"before": ALL, "after": ALL}, scanner=True) as started:
        yield started
