"""The class of proxies: calls are looked at for telemetry only where somebody wants that."""

import pytest
import tango

from ophyd_decl.connectors.tango import library

CALLS = ("__init__", "ping", "get_attribute_config_ex", "read_attributes", "write_attribute", "command_inout")


@pytest.mark.parametrize("value", ["", "off", "0"])
def test_calls_are_made_without_a_look_at_what_is_to_be_traced(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANGO_TELEMETRY_ENABLE", value)
    made = library.proxy_class()
    assert issubclass(made, tango.DeviceProxy)
    assert [name for name in CALLS if hasattr(getattr(made, name), "__wrapped__")] == []


@pytest.mark.parametrize("value", ["on", "True", "1"])
def test_they_are_traced_where_telemetry_is_enabled(value: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANGO_TELEMETRY_ENABLE", value)
    assert library.proxy_class() is tango.DeviceProxy
