"""The class of proxies: calls are looked at for telemetry only where somebody wants that."""

from typing import Any

import pytest
import tango

from ophyd_decl.connectors.tango import library
from tests.servers.fixtures import TangoFactory

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


@pytest.mark.parametrize("traced", [False, True])
def test_calls_wait_whatever_mode_the_user_has_chosen_for_proxies_of_his_own(
    tango_client: None, tango_factory: TangoFactory, traced: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a copy too, by which a device goes on when its database is away: what does not wait is not done."""
    server = tango_factory()
    if traced:  # without the variable, by which pytango looks for somebody who collects
        monkeypatch.setattr(library, "proxy_class", lambda: tango.DeviceProxy)
    mode = tango.get_green_mode()
    tango.set_green_mode(tango.GreenMode.Futures)
    try:
        made: Any = library.new_proxy(server.trl())
        copied: Any = library.copy_of(made)
        modes = [proxy.get_green_mode() for proxy in (made, copied)]
    finally:
        tango.set_green_mode(mode)
    assert modes == [tango.GreenMode.Synchronous] * 2
