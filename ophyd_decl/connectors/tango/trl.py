"""The name of an attribute or command, taken apart: the device, where it lives, and the name."""

from dataclasses import dataclass

from ...vocab.addresses import tango_name_problem, trl_problem

_SCHEME = "tango://"
_HIGHEST_PORT = 65535


@dataclass(frozen=True, slots=True)
class Trl:
    """A Tango device.

    :param text: its TRL as it is written.
    :param host: of its server where there is no database, else of the database; empty: that of TANGO_HOST.
    :param device: domain, family and member, or an alias.
    :param has_database: whether a database knows where its server is.
    """

    text: str
    host: str
    port: int
    device: str
    has_database: bool

    @property
    def key(self) -> str:
        """Return what two names of one device have in common: Tango takes capitals for small letters."""
        return f"{self.host}:{self.port}/{self.device}{'' if self.has_database else '#'}".lower()

    @property
    def place(self) -> str:
        """Return host and port, for messages; empty where only TANGO_HOST knows."""
        return f"{self.host}:{self.port}" if self.host else ""


def split(address: str) -> tuple[str, str]:
    """Return the TRL of the device, and the name of the attribute or command.

    >>> split("tango://pc:8888/a/b/c/State#dbase=no")
    ('tango://pc:8888/a/b/c#dbase=no', 'State')
    """
    path, mark, fragment = address.strip().partition("#")
    device, _, name = path.rpartition("/")
    return f"{device}{mark}{fragment}", name


def problem(address: str) -> str:
    """Return why no device can have this attribute or command; empty if one may.

    >>> problem("tango://pc:88888/a/b/c/State#dbase=no")
    'there is no port 88888'
    """
    if not address.strip():
        return "the address is blank"
    trl, name = split(address)
    found = trl_problem(trl) or tango_name_problem(name)
    if found:
        return f"not the name of an attribute or command of a Tango device: {found}"
    port = parse(trl).port
    return f"there is no port {port}" if port > _HIGHEST_PORT else ""


def parse(trl: str) -> Trl:
    """Return the parts of a TRL that is well formed."""
    path, _, fragment = trl.partition("#")
    host, port = "", 0
    if path.startswith(_SCHEME):
        place, _, path = path.removeprefix(_SCHEME).partition("/")
        host, _, number = place.rpartition(":")
        port = int(number)
    return Trl(trl, host, port, path, fragment.lower() != "dbase=no")
