"""The name of an attribute or command, taken apart: the device, where it lives, and the name."""

from dataclasses import dataclass, field
from functools import lru_cache

from ...vocab.addresses import HIGHEST_PORT, tango_name_problem, trl_problem

_SCHEME = "tango://"
#: How many devices are remembered: all of their attributes ask for them.
_REMEMBERED = 1024


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
    #: What two names of one device have in common: Tango takes capitals for small letters.
    key: str = field(init=False)

    def __post_init__(self) -> None:
        """Set the key."""
        mark = "" if self.has_database else "#"
        object.__setattr__(self, "key", f"{self.host}:{self.port}/{self.device}{mark}".lower())

    @property
    def place(self) -> str:
        """Return host and port, for messages; empty where only TANGO_HOST knows."""
        return f"{self.host}:{self.port}" if self.host else ""


#: What stands for the device of a malformed name.
NOWHERE = Trl("", "", 0, "", has_database=False)


def member(address: str) -> tuple[str, Trl, str]:
    """Return why there can be no such attribute or command, empty if there may be; its device, and its name.

    >>> problem, device, name = member("tango://pc:8888/a/b/c/State#dbase=no")
    >>> problem, device.text, name
    ('', 'tango://pc:8888/a/b/c#dbase=no', 'State')
    >>> member("tango://pc:88888/a/b/c/State#dbase=no")[0]
    'there is no port 88888'
    """
    path, mark, fragment = address.strip().partition("#")
    device, _, name = path.rpartition("/")
    malformed, problem, found = _device(device, mark + fragment)
    why = malformed or tango_name_problem(name)
    if not why:
        return problem, found, name
    if not address.strip():
        return "the address is blank", NOWHERE, ""
    return f"not the name of an attribute or command of a Tango device: {why}", NOWHERE, name


@lru_cache(_REMEMBERED)
def _device(path: str, fragment: str) -> tuple[str, str, Trl]:
    """Return why a text is no TRL, why it can be no device, and the device if it can."""
    trl = path + fragment
    malformed, problem = trl_problem(trl), device_problem(trl)
    return malformed, problem, NOWHERE if problem else parse(trl)


@lru_cache(_REMEMBERED)
def device_problem(trl: str) -> str:
    """Return why a text can be no device; empty if it may.

    >>> device_problem("tango://pc:88888/a/b/c#dbase=no"), device_problem("tango://pc:8888/a/b/c#dbase=no")
    ('there is no port 88888', '')
    """
    found = trl_problem(trl)
    if found:
        return found
    port = parse(trl).port
    return f"there is no port {port}" if port > HIGHEST_PORT else ""


@lru_cache(_REMEMBERED)
def parse(trl: str) -> Trl:
    """Return the parts of a TRL that is well formed."""
    path, _, fragment = trl.partition("#")
    host, port = "", 0
    if path.startswith(_SCHEME):
        place, _, path = path.removeprefix(_SCHEME).partition("/")
        host, _, number = place.rpartition(":")
        port = int(number)
    return Trl(trl, host, port, path, fragment.lower() != "dbase=no")
