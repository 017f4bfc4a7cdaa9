"""Which connector speaks which protocol; the package of a client library is imported only when it is asked for.

A file may name another connector than that of the protocol: one of those here, or one that a plugin brings.
"""

import importlib
from collections.abc import Callable
from typing import Any

from ..blueprint import ConnectorChoice
from ..errors import OphydDeclError
from ..spec import PluginSpec, make
from .protocol import Connector

#: protocol, module, class, extra of the distribution, top package of the client library.
_CONNECTORS: dict[str, tuple[str, str, str, str]] = {
    "soft": (".soft", "SoftConnector", "", ""),
    "ca": (".ca", "CaConnector", "ca", "epicscorelibs"),
    "pva": (".pva", "PvaConnector", "pva", "p4p"),
    "tango": (".tango", "TangoConnector", "tango", "tango"),
}

SpecFinder = Callable[[str, str], PluginSpec]


class MissingClientError(OphydDeclError):
    """The client library of a protocol is not installed.

    :param protocol: what was asked for.
    :param extra: the extra of this distribution that brings it.
    """

    def __init__(self, protocol: str, extra: str, reason: str) -> None:
        self.protocol = protocol
        self.extra = extra
        super().__init__(f"{protocol}:// needs a client library ({reason}): pip install ophyd-decl[{extra}]")


def make_connector(
    protocol: str, choice: ConnectorChoice | None = None, find_spec: SpecFinder | None = None
) -> Connector:
    """Return a new connector.

    :param protocol: of the addresses; `mock+ca` and the like give a soft one with that scheme.
    :param choice: the connector that the file names instead; it gets the options of the file.
    :param find_spec: gives the spec of a plugin by role and name.
    :raises MissingClientError: if the client library of a protocol is not installed.
    :raises PluginError: if the plugin cannot be used.
    :raises OphydDeclError: if there is no such protocol.
    """
    if choice is not None and choice.name not in _CONNECTORS:
        if find_spec is None:
            raise OphydDeclError(f"no connector is named `{choice.name}`: one of {', '.join(_CONNECTORS)}")
        made: Any = make(find_spec("connector", choice.name), dict(choice.options))
        return made
    name = protocol if choice is None else choice.name
    if name.startswith("mock+"):
        from .soft import SoftConnector

        return SoftConnector(name)
    if name not in _CONNECTORS:
        raise OphydDeclError(f"no connector speaks `{name}`: one of {', '.join(_CONNECTORS)}")
    module, attribute, extra, client = _CONNECTORS[name]
    try:
        return getattr(importlib.import_module(module, __package__), attribute)()
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if extra and missing in (client, "aioca"):
            raise MissingClientError(name, extra, str(error)) from error
        raise
