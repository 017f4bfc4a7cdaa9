"""Channel Access: which libca, who shares it, what the variables of EPICS amount to, and the repeater.

Source: EPICS base, "Channel Access Reference Manual", "Configuring EPICS environment variables".
"""

import os
import shutil
import sys
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from ...session.search import epics_search
from .epics import Address, Variable, addresses_of, check_where_it_searches, port_of, show, udp_port_is_used
from .section import Section, installed

_SERVER_PORT, _REPEATER_PORT, _PVA_PORTS = 5064, 5065, (5075, 5076)
_SMALLEST_ARRAY_BYTES = 16384
_VARIABLES = (
    Variable("EPICS_CA_ADDR_LIST", "empty", "where names are searched, by UDP: HOST[:PORT], separated by blanks"),
    Variable("EPICS_CA_AUTO_ADDR_LIST", "YES", "whether they are searched by broadcast too"),
    Variable("EPICS_CA_NAME_SERVERS", "empty", "where they are searched by TCP"),
    Variable("EPICS_CA_SERVER_PORT", "5064", "port where an address names none"),
    Variable("EPICS_CA_REPEATER_PORT", "5065", "UDP port of this machine at which beacons arrive"),
    Variable("EPICS_CA_AUTO_ARRAY_BYTES", "YES", "whether arrays may have any size"),
    Variable("EPICS_CA_MAX_ARRAY_BYTES", "16384", "largest array, where AUTO_ARRAY_BYTES is NO"),
    Variable("EPICS_CA_CONN_TMO", "30", "s without a word until libca gives a server up; `liveness` comes first"),
    Variable("EPICS_CA_MAX_SEARCH_PERIOD", "300", "s between two searches for a name that nobody has, at last"),
    Variable("EPICS_CA_MCAST_TTL", "1", "how far searches by multicast go"),
    Variable("EPICS_CA_BEACON_PERIOD", "15", "of servers of old"),
)


def check_ca(environment: Mapping[str, str]) -> Section:
    """Return what Channel Access is used with, and what is wrong with it."""
    section = Section("ca")
    if find_spec("epicscorelibs") is None or find_spec("aioca") is None:
        section.note("Channel Access cannot be used: aioca is not installed", "pip install ophyd-decl[ca]")
        return section
    _check_library(section, environment)
    show(section, _VARIABLES, environment, "EPICS_CA_")
    server_port = port_of(section, "EPICS_CA_SERVER_PORT", environment, _SERVER_PORT)
    repeater_port = port_of(section, "EPICS_CA_REPEATER_PORT", environment, _REPEATER_PORT)
    search = epics_search("ca", environment)
    listed = addresses_of(section, search.listed, environment)
    servers = addresses_of(section, search.servers, environment)
    check_where_it_searches(section, search)
    _check_addresses(section, listed, servers, server_port, repeater_port)
    _check_arrays(section, environment)
    used = udp_port_is_used(repeater_port)
    who = "in use, by a repeater or another client" if used else "free, the first client takes it"
    section.fact("repeater", who, f"UDP port {repeater_port}")
    program = shutil.which("caRepeater", path=environment.get("PATH"))
    if program is not None:
        section.note(f"libca may start {program}, which goes on when this process has ended")
    return section


def _check_library(section: Section, environment: Mapping[str, str]) -> None:
    """Say which library is used, and whether pyepics would use it too."""
    wanted = environment.get("PYEPICS_LIBCA")
    try:
        from ...connectors.ca import library
    except (ImportError, OSError) as error:
        section.error(f"libca cannot be loaded: {error}", "install epicscorelibs anew: pip install --force-reinstall")
        return
    versions = ", ".join(f"{name} {installed(name)}" for name in ("epicscorelibs", "aioca"))
    section.fact("libca", library.path, f"{versions}; aioca uses it too, in the same context")
    for other in loaded_libraries():
        if not _same_file(other, library.path):
            section.warn(f"this process has loaded another libca too: {other}", _HOW_TO_SHARE)
    if find_spec("epics") is None:
        return
    if wanted and not _same_file(wanted, library.path):
        section.warn(f"pyepics would load another libca, of PYEPICS_LIBCA={wanted}", "unset PYEPICS_LIBCA")
    elif wanted:
        section.fact("pyepics", wanted, "of PYEPICS_LIBCA: the same library")
    else:
        section.note("pyepics uses the same libca, unless it is used before this package", _HOW_TO_SHARE)


_HOW_TO_SHARE = "import ophyd_decl's devices first, or set PYEPICS_LIBCA to the file that `libca` names"


def loaded_libraries() -> list[str]:
    """Return the files of libca that this process has loaded, as far as the system tells."""
    if sys.platform != "linux":
        return []
    rows = Path("/proc/self/maps").read_text(encoding="utf-8", errors="replace").splitlines()
    files = {row.split(maxsplit=5)[-1] for row in rows if "libca." in row}
    return sorted(file for file in files if Path(file).name.startswith("libca."))


def _same_file(one: str, other: str) -> bool:
    return os.path.exists(one) and os.path.exists(other) and os.path.samefile(one, other)


def _check_addresses(
    section: Section, listed: list[Address], servers: list[Address], server_port: int, repeater_port: int
) -> None:
    for address in listed:
        if address.port in _PVA_PORTS and address.port != server_port:
            section.warn(
                f"EPICS_CA_ADDR_LIST has `{address.text}`: {address.port} is a port of pvAccess",
                f"servers of Channel Access listen at {server_port}, unless they were told otherwise",
            )
        elif address.port == repeater_port:
            section.warn(
                f"EPICS_CA_ADDR_LIST has `{address.text}`, the port of the repeater",
                f"servers listen at {server_port}, unless they were told otherwise",
            )
    if server_port == repeater_port:
        section.error("EPICS_CA_SERVER_PORT and EPICS_CA_REPEATER_PORT are the same", "give the repeater another port")
    if servers:
        section.warn(
            "EPICS_CA_NAME_SERVERS is set: a server that starts after this process is searched rarely, or never found",
            "prefer EPICS_CA_ADDR_LIST, where UDP reaches the servers",
        )


def _check_arrays(section: Section, environment: Mapping[str, str]) -> None:
    limited = environment.get("EPICS_CA_AUTO_ARRAY_BYTES", "").strip().upper() == "NO"
    text = environment.get("EPICS_CA_MAX_ARRAY_BYTES", "").strip()
    if text and not text.isdecimal():
        section.error(f"EPICS_CA_MAX_ARRAY_BYTES={text} is no number", "give a number of bytes, or unset it")
    elif limited and (not text or int(text) <= _SMALLEST_ARRAY_BYTES):
        section.warn(
            f"arrays of more than {text or _SMALLEST_ARRAY_BYTES} bytes cannot be read: EPICS_CA_AUTO_ARRAY_BYTES=NO",
            "unset it, or raise EPICS_CA_MAX_ARRAY_BYTES",
        )
    elif text and not limited:
        section.note("EPICS_CA_MAX_ARRAY_BYTES has no effect here: this libca takes arrays of any size")
