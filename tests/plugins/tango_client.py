"""Has Tango start in this process what it never ends: the threads and pipes of omniORB, those of ZMQ, and its caches.

A test whose connector is the first to use Tango would seem to leave them behind, so a fixture of a wider scope uses it
before. What comes later, a connection for each server, is allowed in `client_libraries`.
"""

import pytest

from tests.servers.fixtures import tango_servers


@pytest.fixture(scope="session")
def tango_client(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Let Tango start; ask for this one in a fixture before a server is started, or by `usefixtures`."""
    import tango

    with tango_servers(tmp_path_factory) as factory:
        proxy = tango.DeviceProxy(factory().trl())
        proxy.unsubscribe_event(proxy.subscribe_event("pushed", tango.EventType.CHANGE_EVENT, lambda _: None))
        del proxy
