"""How an address names its protocol, and how a readback name is made from a setpoint name."""

import re

from .keywords import PROTOCOLS
from .names import served_name

_TANGO = "tango://"
_PVA, _PVI = "pva://", "pvi://"
#: What follows a TRL where the device has no database, or says that it has one.
_FRAGMENT = re.compile(r"#dbase=(?:no|yes)", re.IGNORECASE)
_FIELD = re.compile(r"[^/#:\s]+")
_HOST = re.compile(r"(?:[\w.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}")
#: Of TCP and UDP.
HIGHEST_PORT = 65535


def split_scheme(address: str, protocol: str) -> tuple[str, str]:
    """Return protocol and bare address; a scheme in the address beats `protocol`.

    >>> split_scheme("pva://BL22I-VA:V1", "ca")
    ('pva', 'BL22I-VA:V1')
    """
    if "://" not in address:
        return protocol, address
    scheme, _, rest = address.partition("://")
    if scheme in PROTOCOLS:
        return scheme, address if scheme == "tango" else rest
    return protocol, address


def source_of(protocol: str, address: str) -> str:
    """Return the address with its scheme, as data keys and messages show it."""
    return address if "://" in address else f"{protocol}://{address}"


def readback_of(address: str) -> str:
    """Return the readback name that belongs to a setpoint name (design 3, rule 3).

    A field stays at the end: `X` gives `X_RBV`, `X.VAL` gives `X_RBV.VAL`.
    """
    record, dot, field = address.rpartition(".")
    if dot and ":" not in field and "/" not in field:
        return f"{record}_RBV.{field}"
    return f"{address}_RBV"


def tango_address(trl: str, name: str) -> str:
    """Return the address of an attribute or command of a Tango device; `#dbase=no` stays at the end.

    >>> tango_address("tango://db:10000/sr/d-ct/1", "Current")
    'tango://db:10000/sr/d-ct/1/Current'
    >>> tango_address("tango://pc:8888/a/b/c#dbase=no", "State")
    'tango://pc:8888/a/b/c/State#dbase=no'
    """
    device, mark, fragment = trl.partition("#")
    return f"{device.rstrip('/')}/{name}{mark}{fragment}"


def split_tango(address: str) -> tuple[str, str]:
    """Return the TRL of the device, and the name of the attribute or command.

    >>> split_tango("tango://pc:8888/a/b/c/State#dbase=no")
    ('tango://pc:8888/a/b/c#dbase=no', 'State')
    """
    path, mark, fragment = address.strip().partition("#")
    device, _, name = path.rpartition("/")
    return f"{device}{mark}{fragment}", name


def trl_problem(trl: str) -> str:
    """Return why a text is not the name of a Tango device, or an empty text.

    >>> [trl_problem(text) for text in ("tango://db:10000/sr/d-ct/1", "sr/d-ct/1", "ring", "tango://pc:1/a/b/c#dbase=no")]
    ['', '', '', '']
    >>> trl_problem("tango://db/sr/d-ct/1")
    'after `tango://` stand host and port, not `db`'
    >>> trl_problem("sr/d-ct")
    'a device has a name of three parts, `domain/family/member`, or an alias of one'
    >>> trl_problem("tango://pc:1/a/b/c?dbase=no")
    'what is said of the database stands after `#`: `#dbase=no`'
    >>> trl_problem("sr/d-ct/1#dbase=no")
    'without a database the device needs its host and port: `tango://host:port/a/b/c#dbase=no`'

    Source: Tango documentation, "Tango Resource Locator naming".
    """
    device, mark, fragment = trl.partition("#")
    if mark and _FRAGMENT.fullmatch(f"#{fragment}") is None:
        return f"after `#` stands `dbase=no` or `dbase=yes`, not `{fragment}`"
    host = ""
    if device.startswith(_TANGO):
        host, _, device = device.removeprefix(_TANGO).partition("/")
        if _HOST.fullmatch(host) is None:
            return f"after `tango://` stand host and port, not `{host}`"
    elif "://" in device:
        return f"a TRL begins with `tango://`, not with `{device.partition('://')[0]}://`"
    if "?dbase=" in device.lower():
        return "what is said of the database stands after `#`: `#dbase=no`"
    fields = device.split("/")
    if len(fields) not in (1, 3):
        return "a device has a name of three parts, `domain/family/member`, or an alias of one"
    if any(_FIELD.fullmatch(part) is None for part in fields):
        return "a part of the name is empty, or holds a blank or `:`"
    if fragment.lower() == "dbase=no" and (not host or len(fields) == 1):
        return "without a database the device needs its host and port: `tango://host:port/a/b/c#dbase=no`"
    return ""


def tango_hosts(text: str) -> list[tuple[str, int]] | str:
    """Return hosts and ports of the databases that a TANGO_HOST names, or why it names none.

    >>> tango_hosts("db:10000"), tango_hosts("db1:10000, db2:10000")
    ([('db', 10000)], [('db1', 10000), ('db2', 10000)])
    >>> tango_hosts("db"), tango_hosts("db:port")
    ('`db` is not `host:port`', '`db:port` is not `host:port`')

    Source: Tango documentation, "Multiple database servers within a Tango control system".
    """
    found: list[tuple[str, int]] = []
    for part in text.split(","):
        host, _, port = part.strip().rpartition(":")
        if _HOST.fullmatch(part.strip()) is None or not 0 < int(port) <= HIGHEST_PORT:
            return f"`{part.strip()}` is not `host:port`"
        found.append((host, int(port)))
    return found


def tango_name_problem(name: str) -> str:
    """Return why a text is not the name of an attribute or command of a Tango device, or an empty text.

    >>> tango_name_problem("Current")
    ''
    >>> tango_name_problem("sr/d-ct/1/Current")
    'the name of an attribute or command holds no `/`, `#`, `:` and no blank'
    """
    if name.isidentifier() or _FIELD.fullmatch(name):  # most are, and that is sooner seen
        return ""
    return "the name of an attribute or command holds no `/`, `#`, `:` and no blank"


def pvi_member(structure: str, *path: str | int) -> str:
    """Return which part of a PVI structure a device is; its PV is known when the structure has been read.

    :param structure: PV of a structure, or what this function returned.
    :param path: names of members here, keys of vectors.

    >>> pvi_member("PANDA:PVI", "seq", 1)
    'PANDA:PVI#seq.1'
    >>> pvi_member("PANDA:PVI#seq.1", "read_")
    'PANDA:PVI#seq.1.read'
    """
    names = [str(part) if isinstance(part, int) else served_name(part) for part in path]
    structure = structure.removeprefix(_PVA)
    return f"{structure}{'.' if '#' in structure else '#'}{'.'.join(names)}" if names else structure


def pvi_address(structure: str, name: str) -> str:
    """Return the address of a signal or command that a PVI structure has.

    >>> pvi_address("PANDA:PVI", "armed")
    'pvi://PANDA:PVI#armed'
    """
    return _PVI + pvi_member(structure, name)


def split_pvi(address: str) -> tuple[str, tuple[str, ...]] | None:
    """Return the PV of a structure and the names that lead from there to a part of it; None for another address.

    >>> split_pvi("pvi://PANDA:PVI#seq.1.repeats")
    ('PANDA:PVI', ('seq', '1', 'repeats'))
    """
    if not address.startswith(_PVI):
        return None
    structure, _, path = address.removeprefix(_PVI).partition("#")
    return structure, tuple(path.split(".")) if path else ()


def pvi_problem(structure: str) -> str:
    """Return why a text is not the PV of a PVI structure, or an empty text.

    >>> pvi_problem("PANDA:PVI"), pvi_problem("pva://PANDA:PVI")
    ('', '')
    >>> pvi_problem("ca://PANDA:PVI")
    'a PVI structure is served over pvAccess, not `ca://`'
    """
    scheme, separator, _ = structure.partition("://")
    if separator and scheme != "pva":
        return f"a PVI structure is served over pvAccess, not `{scheme}://`"
    bare = structure.removeprefix(_PVA)
    return "" if bare and not any(mark in bare for mark in " \t#") else "the name is empty, or holds a blank or `#`"
