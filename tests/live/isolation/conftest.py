"""conftest.py -- a site whose programs run as users of their own; root alone can start it."""
import os
import shutil

import pytest
from own_users import OwnUsers


@pytest.fixture
def site():
    if os.geteuid() != 0:
        pytest.skip("only root can start programs as other users")
    if not shutil.which("setpriv"):
        pytest.skip("there is no setpriv")
    with OwnUsers() as made:
        yield made
