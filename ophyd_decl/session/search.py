"""Where names are searched, told from the variables of a process; how client libraries read them is theirs.

What `connect` says of an address that does not answer and what `doctor` says of the variables is known here alone.

Source: EPICS base, "Channel Access Reference Manual", "Configuring EPICS environment variables"; pvxs, "Client
Configuration"; Tango documentation, "Environment variables".
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass

_BROADCAST = "by broadcast on every local interface"
_EPICS = ("ca", "pva")
TANGO_HOST = "TANGO_HOST"


@dataclass(frozen=True, slots=True)
class EpicsSearch:
    """What the variables of the search of Channel Access or pvAccess amount to.

    :param listed: name of the address list, searched by UDP.
    :param servers: name of the list of name servers, searched by TCP.
    :param auto: name of the variable that says whether names are searched by broadcast too.
    :param values: what is set of them, by name, without blanks around.
    """

    listed: str
    servers: str
    auto: str
    values: Mapping[str, str]

    @property
    def broadcasts(self) -> bool:
        """Return whether names are searched by broadcast."""
        return self.values.get(self.auto, "").upper() != "NO"

    @property
    def nowhere(self) -> bool:
        """Return whether no name is searched at all."""
        return not self.broadcasts and not self.named

    @property
    def named(self) -> list[str]:
        """Return the names of the lists that hold something."""
        return [name for name in (self.listed, self.servers) if name in self.values]


def epics_search(protocol: str, environment: Mapping[str, str]) -> EpicsSearch:
    """Return what the variables of `ca` or `pva` amount to."""
    prefix = f"EPICS_{protocol.upper()}"
    listed, servers, auto = f"{prefix}_ADDR_LIST", f"{prefix}_NAME_SERVERS", f"{prefix}_AUTO_ADDR_LIST"
    values = {name: text for name in (listed, servers, auto) if (text := environment.get(name, "").strip())}
    return EpicsSearch(listed, servers, auto, values)


def tango_host(environment: Mapping[str, str]) -> tuple[str, bool]:
    """Return the databases that TANGO_HOST names, empty for none, and whether a file says so in place of the variable.

    The client library reads the files, so that it must be installed; it knows the variables of this process only.
    """
    if TANGO_HOST in environment:
        return environment[TANGO_HOST].strip(), False
    if TANGO_HOST in os.environ:  # of another environment than this one
        return "", False
    from ..connectors.tango import library

    found = library.tango_host()
    return found, bool(found)


def where_searched(source: str) -> str:
    """Return a sentence about where the name of an address is searched; empty for one that is not searched."""
    protocol, _, name = source.partition("://")
    if protocol == "tango":
        if ":" in name.partition("/")[0]:
            return ""  # it says itself at which host
        # A library that is not in use yet is not loaded for that.
        host = tango_host(os.environ)[0] if "tango" in sys.modules else os.environ.get(TANGO_HOST, "")
        return f"Names are searched at {f'{TANGO_HOST}={host}' if host else f'{TANGO_HOST}, which is not set'}"
    if protocol not in _EPICS:
        return ""
    search = epics_search(protocol, os.environ)
    if search.nowhere:
        return f"No name is searched, as {search.auto}=NO and {search.listed} is not set"
    where = [f"at {name}={search.values[name]}" for name in search.named]
    if search.broadcasts:
        where.append(_BROADCAST)
    if where == [_BROADCAST]:
        return f"Names are searched {_BROADCAST}, as {search.listed} is not set"
    *first, last = where
    return f"Names are searched {', '.join(first)} and {last}" if first else f"Names are searched {last}"
