"""Which connector speaks which protocol."""

import subprocess
import sys

import pytest

from ophyd_decl.connectors.registry import MissingClientError, make_connector
from ophyd_decl.connectors.soft import SoftConnector
from ophyd_decl.errors import OphydDeclError


@pytest.mark.parametrize("protocol", ["soft", "ca", "pva", "mock+ca", "mock+tango"])
def test_a_connector_has_the_scheme_of_its_addresses(protocol: str) -> None:
    connector = make_connector(protocol)
    assert connector.protocol == protocol
    assert isinstance(connector, SoftConnector) is (protocol == "soft" or protocol.startswith("mock+"))


def test_an_unknown_protocol() -> None:
    with pytest.raises(OphydDeclError, match="no connector speaks `modbus`"):
        make_connector("modbus")


@pytest.mark.parametrize(("protocol", "client"), [("ca", "epicscorelibs"), ("pva", "p4p")])
def test_a_missing_client_library_is_named_with_its_extra(
    protocol: str, client: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith(f"ophyd_decl.connectors.{protocol}")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == client]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, client, None)
    with pytest.raises(MissingClientError, match=rf"pip install ophyd-decl\[{protocol}\]"):
        make_connector(protocol)


def test_a_client_library_is_imported_only_by_its_connector() -> None:
    code = """
import sys
from ophyd_decl.connectors.registry import make_connector
make_connector("soft"), make_connector("mock+ca")
print([name for name in ("epicscorelibs", "p4p", "tango", "aioca", "bluesky") if name in sys.modules])
"""
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "[]"
