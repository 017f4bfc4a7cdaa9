"""pvAccess: which library, what the variables of EPICS amount to; above all which port is meant.

A server has a UDP port at which it is searched, and a TCP port at which it is connected. An address list wants the
first, a list of name servers the second.

Source: pvxs, "Client Configuration".
"""

from collections.abc import Mapping
from importlib.util import find_spec

from ...session.search import epics_search
from .epics import Address, Variable, addresses_of, check_where_it_searches, port_of, show, udp_port_is_used
from .section import Section, installed

_SERVER_PORT, _BROADCAST_PORT, _CA_PORTS = 5075, 5076, (5064, 5065)
_SHORTEST_TIMEOUT_S = 2.0
_VARIABLES = (
    Variable("EPICS_PVA_ADDR_LIST", "empty", "where names are searched, by UDP: HOST[:PORT], separated by blanks"),
    Variable("EPICS_PVA_AUTO_ADDR_LIST", "YES", "whether they are searched by broadcast too"),
    Variable("EPICS_PVA_NAME_SERVERS", "empty", "where they are searched by TCP"),
    Variable("EPICS_PVA_BROADCAST_PORT", "5076", "UDP port where an address names none"),
    Variable("EPICS_PVA_SERVER_PORT", "5075", "TCP port where a name server names none"),
    Variable("EPICS_PVA_INTF_ADDR_LIST", "all", "interfaces of this machine that are used"),
    Variable("EPICS_PVA_CONN_TMO", "30", "s without a word until pvxs gives a server up; `liveness` if that is less"),
)
#: Understood by old pvAccess or by servers in this process; no mistakes.
_OTHERS = ("EPICS_PVA_DEBUG", "EPICS_PVA_PROVIDER_NAMES", "EPICS_PVA_MAX_ARRAY_BYTES")


def check_pva(environment: Mapping[str, str]) -> Section:
    """Return what pvAccess is used with, and what is wrong with it."""
    section = Section("pva")
    if find_spec("p4p") is None:
        section.note("pvAccess cannot be used: p4p is not installed", "pip install ophyd-decl[pva]")
        return section
    section.fact("p4p", installed("p4p"), f"on pvxs {installed('pvxslibs')}")
    seen = {name: value for name, value in environment.items() if name not in _OTHERS}
    show(section, _VARIABLES, seen, "EPICS_PVA_")
    server_port = port_of(section, "EPICS_PVA_SERVER_PORT", environment, _SERVER_PORT)
    broadcast_port = port_of(section, "EPICS_PVA_BROADCAST_PORT", environment, _BROADCAST_PORT)
    search = epics_search("pva", environment)
    listed = addresses_of(section, search.listed, environment)
    servers = addresses_of(section, search.servers, environment)
    check_where_it_searches(section, search)
    _check_ports(section, listed, servers, server_port, broadcast_port)
    _check_timeout(section, environment.get("EPICS_PVA_CONN_TMO", "").strip())
    state = "in use, by a server or another client" if udp_port_is_used(broadcast_port) else "free"
    section.fact("beacons", state, f"UDP port {broadcast_port}; clients share it")
    return section


def _check_ports(
    section: Section, listed: list[Address], servers: list[Address], server_port: int, broadcast_port: int
) -> None:
    for address in listed:
        if address.port in (_SERVER_PORT, server_port) and address.port != broadcast_port:
            section.warn(
                f"EPICS_PVA_ADDR_LIST has `{address.text}`: {address.port} is the TCP port of a server, and searches "
                "go by UDP",
                f"write {address.host}:{broadcast_port}, or put {address.text} into EPICS_PVA_NAME_SERVERS",
            )
        elif address.port in _CA_PORTS and address.port != broadcast_port:
            section.warn(
                f"EPICS_PVA_ADDR_LIST has `{address.text}`: {address.port} is a port of Channel Access",
                f"servers of pvAccess are searched at UDP port {broadcast_port}",
            )
    for address in servers:
        if address.port in (_BROADCAST_PORT, broadcast_port) and address.port != server_port:
            section.warn(
                f"EPICS_PVA_NAME_SERVERS has `{address.text}`: {address.port} is a UDP port, and name servers are "
                "asked by TCP",
                f"write {address.host}:{server_port}, or put {address.text} into EPICS_PVA_ADDR_LIST",
            )


def _check_timeout(section: Section, text: str) -> None:
    if not text:
        return
    try:
        timeout_s = float(text)
    except ValueError:
        section.error(f"EPICS_PVA_CONN_TMO={text} is no number", "give a time in s, or unset it")
        return
    if timeout_s < _SHORTEST_TIMEOUT_S:
        section.warn(f"EPICS_PVA_CONN_TMO={text} is taken as {_SHORTEST_TIMEOUT_S:g} s", "pvxs allows no less")
