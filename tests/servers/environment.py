"""The environment that keeps every client and every server of the tests on loopback.

`apply` runs before a client library is imported, which reads the variables once. Whatever the shell has set for a real
beamline is removed, here and for every process that a test starts. Nothing broadcasts and nothing reaches another
address: there is no automatic address list, every list names 127.0.0.1 and ports of the pool, servers listen on
127.0.0.1 and send beacons there.

What remains cannot be set, and was looked at with strace: the UDP sockets of the client libraries are bound to all
interfaces; libca registers once with the repeater at this host's own address; a pvxs server repeats each search on the
multicast group 224.0.0.128 of the loopback interface. None of it leaves the host.
"""

import os
import sys

from ophyd_decl.sim.environment import environment
from ophyd_decl.sim.ports import Ports

from .ports import PortPool

_CLIENT_LIBRARIES = ("aioca", "caproto", "epics", "epicscorelibs", "p4p", "pvxslibs", "tango")
_pool: PortPool | None = None


def apply() -> None:
    """Give this process the environment of a client of all servers in its pool. Does nothing the second time.

    :raises RuntimeError: if a client library was imported before.
    """
    global _pool
    if _pool is not None:
        return
    early = [name for name in _CLIENT_LIBRARIES if name in sys.modules]
    if early:
        raise RuntimeError(f"{', '.join(early)} imported before the loopback environment was set")
    _pool = PortPool()
    for name in [name for name in os.environ if name.startswith(("EPICS_", "PVXS_", "TANGO_"))]:
        del os.environ[name]
    os.environ.update(client_environment(*_pool.servers))
    # No Tango database: a test that wants one starts it and says so. Port 1 answers with a refusal at once.
    os.environ["TANGO_HOST"] = "127.0.0.1:1"
    # Not by the sockets of Unix that omniORB opens beside TCP: the tests are about a network, whose sockets they count.
    os.environ["ORBclientTransportRule"] = "* tcp"  # noqa: SIM112


def pool() -> PortPool:
    """Return the ports of this test process.

    :raises RuntimeError: if `apply` was not called.
    """
    if _pool is None:
        raise RuntimeError("the loopback environment was not set")
    return _pool


def release() -> None:
    """Give up the ports of this test process, at its end."""
    global _pool
    if _pool is not None:
        _pool.release()
        _pool = None


def client_environment(*servers: Ports) -> dict[str, str]:
    """Return the variables with which a client finds these servers and no others."""
    client = pool().client
    return environment(client.ca, client.pva) | {
        "EPICS_CA_ADDR_LIST": " ".join(f"127.0.0.1:{ports.ca}" for ports in servers),
        "EPICS_PVA_ADDR_LIST": " ".join(f"127.0.0.1:{ports.pva + 1}" for ports in servers),
    }


def server_environment(ports: Ports) -> dict[str, str]:
    """Return the variables for a server on these ports, whose beacons reach the clients of this process.

    A server is a client too; as such it keeps away from the ports where its clients wait for beacons.
    """
    client = environment(pool().client.ca, pool().client.pva)
    return environment(ports.ca, ports.pva) | {
        "EPICS_CAS_BEACON_PORT": client["EPICS_CA_REPEATER_PORT"],
        "EPICS_PVA_BROADCAST_PORT": str(ports.pva + 1),
        "EPICS_PVAS_BEACON_ADDR_LIST": client["EPICS_PVAS_BEACON_ADDR_LIST"],
    }
