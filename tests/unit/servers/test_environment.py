"""No client and no server of the tests can reach beyond loopback, and no two of them share a port."""

import os
import re
import subprocess
import sys

import pytest

from tests.servers import environment
from tests.servers.ports import PortPool


def test_this_process_has_the_environment_and_nothing_of_the_shell() -> None:
    servers = environment.pool().servers
    expected = environment.client_environment(*servers)
    assert {name: value for name, value in os.environ.items() if name.startswith(("EPICS_", "PVXS_"))} == expected
    assert os.environ["TANGO_HOST"].startswith("127.0.0.1:")


@pytest.mark.parametrize("of", ["client", "server"])
def test_every_address_is_loopback(of: str) -> None:
    ports = environment.pool().servers[0]
    variables = environment.client_environment(ports) if of == "client" else environment.server_environment(ports)
    lists = {name: value.split() for name, value in variables.items() if name.endswith("ADDR_LIST")}
    addresses = [address for value in lists.values() for address in value if value != ["NO"]]
    assert addresses
    assert all(re.fullmatch(r"127\.0\.0\.1(:\d+)?", address) for address in addresses)
    assert {name for name in lists if "AUTO" in name} == {name for name, value in lists.items() if value == ["NO"]}
    for switch in ("EPICS_CA_AUTO", "EPICS_PVA_AUTO", "EPICS_CAS_AUTO_BEACON", "EPICS_PVAS_AUTO_BEACON"):
        assert f"{switch}_ADDR_LIST" in lists
    for listened in ("EPICS_CAS_INTF", "EPICS_PVAS_INTF", "EPICS_CAS_BEACON", "EPICS_PVAS_BEACON"):
        assert f"{listened}_ADDR_LIST" in lists
    assert [variables[f"EPICS_{protocol}_NAME_SERVERS"] for protocol in ("CA", "PVA")] == ["", ""]


def test_all_ports_differ_and_are_below_the_ephemeral_ones() -> None:
    pool = environment.pool()
    pairs = (pool.client, *pool.servers)
    ports = [port for pair in pairs for port in (*range(pair.ca, pair.ca + 2), *range(pair.pva, pair.pva + 3))]
    assert len(set(ports)) == len(ports)
    assert all(1024 < port < 32768 for port in ports)


def test_two_test_processes_have_different_ports() -> None:
    other = PortPool(size=2)
    try:
        assert not {pair.ca for pair in other.servers} & {pair.ca for pair in environment.pool().servers}
    finally:
        other.release()


def test_the_pool_says_when_it_is_empty_and_takes_back() -> None:
    pool = PortPool(size=2)
    try:
        first, second = pool.take(), pool.take()
        with pytest.raises(RuntimeError, match="all 2 pairs of ports are in use"):
            pool.take()
        pool.give_back(second)
        pool.give_back(first)
        assert [pool.take(), pool.take()] == [second, first]
    finally:
        pool.release()


def test_a_client_library_that_is_imported_too_early_is_an_error() -> None:
    text = "import p4p\nfrom tests.servers import environment\nenvironment.apply()"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=False)
    assert "p4p, pvxslibs imported before the loopback environment was set" in done.stderr
