"""The demo's control system on Tango, as a client of Tango sees it."""

import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ophyd_decl.sim import DemoServerError, Ports, TangoDemoServer
from tests.servers.environment import pool

tango: Any = pytest.importorskip("tango")
pytestmark = pytest.mark.usefixtures("tango_client")


@pytest.fixture(scope="module")
def tango_server(tango_client: None) -> Iterator[TangoDemoServer]:
    """Return a running server."""
    ports = pool().take()
    with TangoDemoServer(ports=ports) as server:
        yield server
    pool().give_back(ports)


@pytest.fixture
def ports() -> Iterator[Ports]:
    """Return ports of the tests."""
    taken = pool().take()
    yield taken
    pool().give_back(taken)


@pytest.fixture
def device(tango_server: TangoDemoServer) -> Callable[[str], Any]:
    """Return a function that gives a proxy of a device."""

    return lambda name: proxy_of(tango_server, name)


def proxy_of(server: TangoDemoServer, name: str) -> Any:
    """Return a proxy of a device whose answers are those of this server.

    The client library keeps connections to the servers that had this port before, in other tests, and first has to
    find out that they have gone; until then it fails, once with words of its own and once with answers that are none.
    """
    proxy = tango.DeviceProxy(f"{server.settings['vars.server']}/demo/{name}#dbase=no")
    deadline = time.monotonic() + 10
    while True:
        try:
            proxy.read_attribute("State")
        except (tango.DevFailed, TypeError):
            assert time.monotonic() < deadline
            time.sleep(0.2)
        else:
            return proxy


def ended(moving: Any, within_s: float = 10.0) -> None:
    """Wait until a device is ON."""
    deadline = time.monotonic() + within_s
    while moving.State() != tango.DevState.ON:
        assert time.monotonic() < deadline
        time.sleep(0.005)


def move(axis: Any, target: float) -> None:
    """Move, and wait for the end."""
    axis.write_attribute("Position", target)
    ended(axis)


def test_a_move_is_moving_when_the_write_has_returned_until_it_is_there(device: Callable[[str], Any]) -> None:
    x = device("stage/x")
    x.write_attribute("Velocity", 10)
    begin = time.monotonic()
    x.write_attribute("Position", 3.3)
    assert x.State() == tango.DevState.MOVING
    assert not x.read_attribute("Done").value
    ended(x)
    assert 0.4 <= time.monotonic() - begin < 5  # 3.3 mm at 10 mm/s with ramps of 0.1 s: 0.43 s
    position = x.read_attribute("Position")
    assert (position.value, position.w_value, x.read_attribute("Done").value) == (3.3, 3.3, True)
    move(x, 0)


def test_stop_ends_the_move_where_it_is(device: Callable[[str], Any]) -> None:
    x = device("stage/x")
    x.write_attribute("Velocity", 5)
    x.write_attribute("Position", 20)
    while x.read_attribute("Position").value < 0.1:
        time.sleep(0.005)
    x.Stop()
    ended(x, 1.0)
    position = x.read_attribute("Position")
    assert 0.1 < position.value < 10
    while x.read_attribute("Position").w_value != position.value:
        time.sleep(0.005)
    x.Stop()
    assert x.read_attribute("Position").value == position.value
    x.write_attribute("Velocity", 1000)
    move(x, 0)


def test_a_new_target_during_a_move_is_what_it_goes_to(device: Callable[[str], Any]) -> None:
    y = device("stage/y")
    y.write_attribute("Velocity", 5)
    y.write_attribute("Position", 20)
    y.write_attribute("Position", -0.5)
    ended(y)
    assert y.read_attribute("Position").value == -0.5
    y.write_attribute("Velocity", 1000)
    move(y, 0)


def test_limits_units_and_rights_are_told_and_held(device: Callable[[str], Any]) -> None:
    x = device("stage/x")
    told = x.get_attribute_config("Position")
    assert (told.min_value, told.max_value, told.unit, told.format) == ("-25", "25", "mm", "%.3f")
    assert x.get_attribute_config("Velocity").unit == "mm/s"
    for value in (26.0, float("nan")):
        with pytest.raises(tango.DevFailed, match="WAttrOutsideLimit"):
            x.write_attribute("Position", value)
    with pytest.raises(tango.DevFailed, match="NotWritable"):
        x.write_attribute("Done", True)
    assert device("mono/bragg").read_attribute("Position").value == 10


def test_a_scan_gives_the_counts_of_ophyd_async(
    device: Callable[[str], Any], ophyd_async_rows: tuple[tuple[float, float, int, int, int], ...]
) -> None:
    x, y, detector = device("stage/x"), device("stage/y"), device("det/1")
    for axis in (x, y):
        axis.write_attribute("Velocity", 1000)
    rows = []
    for row in ophyd_async_rows:
        move(x, row[0])
        move(y, row[1])
        detector.Reset()
        assert detector.read_attribute("Value1").value == 0
        detector.Start()
        assert detector.State() == tango.DevState.RUNNING
        assert detector.read_attribute("Acquiring").value
        ended(detector)
        rows.append((*row[:2], *(detector.read_attribute(f"Value{channel}").value for channel in (1, 2, 3))))
    assert tuple(rows) == ophyd_async_rows


def test_events_of_values_and_states_are_pushed(device: Callable[[str], Any]) -> None:
    y = device("stage/y")
    y.write_attribute("Velocity", 1000)
    move(y, 0)
    seen: list[tuple[str, Any]] = []
    numbers = [
        y.subscribe_event(
            name,
            tango.EventType.CHANGE_EVENT,
            lambda event: seen.append((event.attr_value.name.lower(), event.attr_value.value)),
        )
        for name in ("Position", "State")
    ]
    deadline = time.monotonic() + 10
    while ("position", 0.5) not in seen or seen[-1] != ("state", tango.DevState.ON):  # the first may come too early
        assert time.monotonic() < deadline
        move(y, 0.5 - y.read_attribute("Position").value)
        time.sleep(0.05)
    seen.clear()
    move(y, 1)
    move(y, 2)
    moving, on = tango.DevState.MOVING, tango.DevState.ON
    wanted = [("state", moving), ("position", 1.0), ("state", on), ("state", moving), ("position", 2.0), ("state", on)]
    while len(seen) < len(wanted) and time.monotonic() < deadline:
        time.sleep(0.01)
    for number in numbers:
        y.unsubscribe_event(number)
    assert seen == wanted


def test_it_listens_on_loopback_only(tango_server: TangoDemoServer) -> None:
    psutil = pytest.importorskip("psutil")
    listening = {
        connection.laddr.ip
        for connection in psutil.Process(tango_server.pid).net_connections("tcp")
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}


def test_settings_of_the_user_do_not_reach_it(ports: Ports, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TANGO_HOST", "nowhere.invalid:1")
    monkeypatch.setenv("ORBendPoint", "giop:tcp:192.0.2.1:1")
    with TangoDemoServer(ports=ports) as server:
        assert proxy_of(server, "mono/bragg").read_attribute("Position").value == 10


def test_a_port_in_use_is_an_error_that_names_it(tango_server: TangoDemoServer) -> None:
    with pytest.raises(DemoServerError, match=f"ended with code 1 .*\n.*in use: {tango_server.ports.tango}"):
        TangoDemoServer(ports=tango_server.ports).start()


def test_it_can_come_back_to_clients_that_stayed(ports: Ports) -> None:
    with TangoDemoServer(ports=ports) as first:
        proxy = proxy_of(first, "mono/bragg")
        proxy.write_attribute("Velocity", 7)
    with TangoDemoServer(ports=ports):
        assert proxy.read_attribute("Velocity").value == 1
