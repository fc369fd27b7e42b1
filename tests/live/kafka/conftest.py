"""conftest.py -- a home server whose archive streams to a broker."""
import contextlib
import os

import pytest
from two_servers import TwoServers

STAGES = {"before": ["log", "content-filter"], "after": ["log"]}


@pytest.fixture
def site(tmp_path):
    """site(brokers): archiver, proxy, store and publisher run."""
    with contextlib.ExitStack() as stack:
        def make(brokers, store=True, **kafka):
            made = stack.enter_context(TwoServers(
                os.path.join(str(tmp_path), "site"), home=STAGES, scanner=False, store=store,
                archive={"kafka": {"brokers": brokers, "partitions": 4, "commit": "100ms",
                                   **kafka}}))
            made.publisher(made.home)
            return made
        os.makedirs(os.path.join(str(tmp_path), "site"))
        yield make
