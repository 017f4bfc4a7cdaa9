"""Which connector speaks which protocol; the package of a client library is imported only when it is asked for."""

import importlib

from ..errors import OphydDeclError
from .protocol import Connector

#: protocol, module, class, extra of the distribution, top package of the client library.
_CONNECTORS: dict[str, tuple[str, str, str, str]] = {
    "soft": (".soft", "SoftConnector", "", ""),
    "ca": (".ca", "CaConnector", "ca", "epicscorelibs"),
    "pva": (".pva", "PvaConnector", "pva", "p4p"),
    "tango": (".tango", "TangoConnector", "tango", "tango"),
}


class MissingClientError(OphydDeclError):
    """The client library of a protocol is not installed.

    :param protocol: what was asked for.
    :param extra: the extra of this distribution that brings it.
    """

    def __init__(self, protocol: str, extra: str, reason: str) -> None:
        self.protocol = protocol
        self.extra = extra
        super().__init__(f"{protocol}:// needs a client library ({reason}): pip install ophyd-decl[{extra}]")


def make_connector(protocol: str) -> Connector:
    """Return a new connector for a protocol; `mock+ca` and the like give a soft one with that scheme.

    :raises MissingClientError: if its client library is not installed.
    :raises OphydDeclError: if there is no such protocol.
    """
    if protocol.startswith("mock+"):
        from .soft import SoftConnector

        return SoftConnector(protocol)
    if protocol not in _CONNECTORS:
        raise OphydDeclError(f"no connector speaks `{protocol}`: one of {', '.join(_CONNECTORS)}")
    module, name, extra, client = _CONNECTORS[protocol]
    try:
        return getattr(importlib.import_module(module, __package__), name)()
    except ImportError as error:
        missing = (error.name or "").partition(".")[0]
        if extra and missing in (client, "aioca"):
            raise MissingClientError(protocol, extra, str(error)) from error
        raise
