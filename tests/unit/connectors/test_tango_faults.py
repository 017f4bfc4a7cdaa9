"""What is told of an error of the client library: never how CORBA calls it."""

import pytest
import tango

from ophyd_decl.connectors.tango import faults
from tests.servers.fixtures import TangoFactory


@pytest.mark.parametrize("fault", ["killed", "hung"])
def test_an_error_of_corba_is_told_without_its_words(
    tango_client: None, tango_factory: TangoFactory, fault: str
) -> None:
    server = tango_factory()
    client = server.client()
    client.set_timeout_millis(500)
    if fault == "killed":
        server.kill()
        with pytest.raises(tango.DevFailed) as caught:
            client.read_attribute("number")
    else:
        with server.hung(), pytest.raises(tango.DevFailed) as caught:
            client.read_attribute("number")
    assert any("CORBA" in text for _, text in faults.reasons(caught.value))
    said = faults.words(caught.value)
    assert server.first in said
    for word in ("CORBA", "API_", "TRANSIENT", "COMM_FAILURE", "DevFailed", "\n"):
        assert word not in said
