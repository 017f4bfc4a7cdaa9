"""What Channel Access and pvAccess have in common: variables that name addresses and ports.

Client libraries read them once, when they are used first.
"""

import socket
import sys
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from difflib import get_close_matches

from ...session.search import EpicsSearch
from .section import Section

#: SIOCGIFADDR of netdevice(7).
_ADDRESS_OF_INTERFACE = 0x8915


@dataclass(frozen=True, slots=True)
class Variable:
    """One variable of a client library.

    :param default: what holds where it is not set.
    """

    name: str
    default: str
    about: str


@dataclass(frozen=True, slots=True)
class Address:
    """One entry of a list of addresses; the port is None where it names none."""

    text: str
    host: str
    port: int | None


def show(section: Section, variables: Iterable[Variable], environment: Mapping[str, str], start: str) -> None:
    """Add the variables as facts, and those that begin like them but mean nothing as findings."""
    known = {variable.name: variable for variable in variables}
    for variable in known.values():
        value = environment.get(variable.name)
        section.fact(variable.name, f"not set ({variable.default})" if value is None else value or '""', variable.about)
    for name in environment:
        if name.startswith(start) and name not in known:
            near = get_close_matches(name, known, 1, 0.8)
            section.warn(f"{name} is no variable of this client", f"did you mean {near[0]}?" if near else "remove it")


def port_of(section: Section, name: str, environment: Mapping[str, str], default: int) -> int:
    """Return the port that a variable names; one that is none is a finding, and gives the default."""
    text = environment.get(name, "").strip()
    if not text:
        return default
    if text.isdecimal() and 0 < int(text) < 65536:
        return int(text)
    section.error(f"{name}={text} is no port, so {default} is used", "give a number from 1 to 65535")
    return default


def addresses_of(section: Section, name: str, environment: Mapping[str, str]) -> list[Address]:
    """Return the entries of a list; what is no address is a finding."""
    found: list[Address] = []
    for text in environment.get(name, "").split():
        if "," in text or ";" in text:
            section.error(f"{name} has the entry `{text}`", "separate addresses with blanks")
            continue
        host, colon, port = text.rpartition(":") if "]" in text or text.count(":") == 1 else (text, "", "")
        if colon and not (port.isdecimal() and 0 < int(port) < 65536):
            section.error(f"{name} has the entry `{text}`, whose port is none", "write HOST or HOST:PORT")
            continue
        numbers = host.split(".")
        if len(numbers) == 4 and all(map(str.isdecimal, numbers)) and max(map(int, numbers)) > 255:
            section.error(
                f"{name} has the entry `{text}`, which is no address",
                "write four numbers from 0 to 255, or a host name",
            )
            continue
        found.append(Address(text, host or text, int(port) if colon else None))
    return found


def check_where_it_searches(section: Section, search: EpicsSearch) -> None:
    """Say what the variables of the search amount to."""
    auto = search.auto
    value = search.values.get(auto, "")
    if value and value.upper() not in ("YES", "NO"):
        section.warn(f"{auto}={value} is neither YES nor NO", "client libraries differ in what they make of it")
    if search.nowhere:
        section.error(
            f"nothing is searched: {auto}=NO, and neither {search.listed} nor {search.servers} is set",
            f"set {search.listed} to the addresses of the servers",
        )
    if not search.broadcasts:
        return
    cards = _interfaces()
    where = f"searches are broadcast on {', '.join(cards)}" if cards else "searches are broadcast, on no interface"
    if len(cards) > 1:
        section.warn(
            f"{where}, since {auto} is not NO: a name that two networks have is answered by whoever is first",
            f"set {auto}=NO and {search.listed} to what is meant",
        )
    elif search.listed in search.named:
        section.note(f"{where}, beside the addresses of {search.listed}", f"{auto}=NO searches the list only")
    else:
        section.note(where)


def udp_port_is_used(port: int) -> bool:
    """Return whether some process listens at a UDP port of this machine; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind(("", port))
        except OSError:
            return True
        return False


def _interfaces() -> list[str]:
    """Return the interfaces that have an address of IPv4, but the loopback; all, where the system does not tell."""
    names = [name for _, name in socket.if_nameindex() if not name.startswith("lo")]
    if sys.platform != "linux":
        return names
    import fcntl

    found: list[str] = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for name in names:
            with suppress(OSError):  # it has none
                fcntl.ioctl(asked, _ADDRESS_OF_INTERFACE, name.encode().ljust(256, b"\0"))
                found.append(name)
    return found
