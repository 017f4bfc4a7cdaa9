"""Where names are searched, told from the variables of this process; how client libraries read them is theirs."""

import os

_BROADCAST = "by broadcast on every local interface"
_EPICS = ("ca", "pva")


def where_searched(source: str) -> str:
    """Return a sentence about where the name of an address is searched; empty for one that is not searched.

    Source: EPICS base, "Channel Access Reference Manual", "Configuring EPICS environment variables"; pvxs, "Client
    Configuration".
    """
    protocol, _, name = source.partition("://")
    if protocol == "tango":
        if ":" in name.partition("/")[0]:
            return ""  # it says itself at which host
        host = os.environ.get("TANGO_HOST")
        return f"Names are searched at {f'TANGO_HOST={host}' if host else 'TANGO_HOST, which is not set'}"
    if protocol not in _EPICS:
        return ""
    prefix = f"EPICS_{protocol.upper()}"
    listed, servers, auto = f"{prefix}_ADDR_LIST", f"{prefix}_NAME_SERVERS", f"{prefix}_AUTO_ADDR_LIST"
    where = [f"at {name}={os.environ[name]}" for name in (listed, servers) if os.environ.get(name, "").strip()]
    if os.environ.get(auto, "").strip().upper() != "NO":
        where.append(_BROADCAST)
    if not where:
        return f"No name is searched, as {auto}=NO and {listed} is not set"
    if where == [_BROADCAST]:
        return f"Names are searched {_BROADCAST}, as {listed} is not set"
    *first, last = where
    return f"Names are searched {', '.join(first)} and {last}" if first else f"Names are searched {last}"
