"""The Tango device server of the tests, seen by pytango itself: what it serves, and how it fails on demand."""

import itertools
import time
from collections.abc import Callable
from typing import Any

import pytest
import tango
from tango import AttrQuality, DevState, EventType

from tests.servers.fixtures import TangoFactory
from tests.servers.process import ServerError
from tests.servers.tango_server import TangoServer, answers

pytestmark = pytest.mark.usefixtures("tango_client")


def wait_until(condition: Callable[[], Any], timeout_s: float = 20) -> None:
    deadline = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def reason(call: Callable[[], object]) -> str:
    with pytest.raises(tango.DevFailed) as caught:
        call()
    return caught.value.args[0].reason


@pytest.fixture
def lab(tango_server: TangoServer) -> Any:
    return tango_server.client()


def test_what_it_serves(lab: Any) -> None:
    values = lab.read_attributes(["number", "mode", "text", "words", "encoded", "ulong64_scalar", "my.attr-1"])
    found = [reading.value for reading in values]
    assert found == [1.5, 1, "hello", ("a", "b"), ("RAW", b"\1\2\3"), 2**64 - 1, 4.5]
    assert lab.read_attribute("short_image").value.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert lab.read_attribute("state_scalar").value == DevState.OPEN
    told = lab.get_attribute_config("number")
    assert (told.unit, told.format, told.min_value, told.max_value) == ("mm", "%8.3f", "-50", "50")
    assert list(lab.get_attribute_config("mode").enum_labels) == ["Low", "High", "Off"]
    assert lab.get_attribute_config("whole").format == "%.0f"


@pytest.mark.parametrize("quality", ["invalid", "alarmed", "warned", "changing"])
def test_an_attribute_of_each_quality(lab: Any, quality: str) -> None:
    expected = {"alarmed": "alarm", "warned": "warning"}.get(quality, quality)
    reading = lab.read_attribute(quality)
    assert reading.quality == getattr(AttrQuality, f"ATTR_{expected.upper()}")
    assert reading.value == (None if quality == "invalid" else 1.0)


def test_what_it_refuses(lab: Any) -> None:
    assert reason(lambda: lab.read_attribute("raising")) == "PyDs_PythonError"
    assert reason(lambda: lab.write_attribute("number", 51)) == "API_WAttrOutsideLimit"
    assert reason(lambda: lab.write_attribute("disabled", 2.0)) == "Lab_Disabled"
    assert reason(lambda: lab.write_attribute("guarded", 2.0)) == "API_AttrNotWritable"
    assert reason(lab.Boom) == "PyDs_PythonError"
    assert reason(lab.Refuse) == "Lab_Refused"


def test_commands_return_what_they_are_given(lab: Any) -> None:
    assert lab.EchoDouble(2.5) == 2.5
    assert list(lab.EchoULong64s([1, 2**64 - 1])) == [1, 2**64 - 1]
    numbers, names = lab.LongTable()
    assert (list(numbers), names) == ([1, 2, 3], ["one", "two", "three"])
    numbers, names = lab.EchoDoubleStrings([[0.5], ["half", "and more"]])
    assert (list(numbers), names) == ([0.5], ["half", "and more"])


def test_the_time_of_a_value_is_that_of_its_change(lab: Any, tango_server: TangoServer) -> None:
    before = lab.read_attribute("arrived").time.totime()
    assert lab.read_attribute("arrived").time.totime() == before
    tango_server.set("arrived", 0.0)
    assert lab.read_attribute("arrived").time.totime() > before


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("pushed", EventType.CHANGE_EVENT),
        ("archived", EventType.ARCHIVE_EVENT),
        ("ready", EventType.DATA_READY_EVENT),
        ("polled", EventType.CHANGE_EVENT),
        ("polled", EventType.PERIODIC_EVENT),
    ],
)
def test_events(lab: Any, tango_server: TangoServer, name: str, kind: EventType) -> None:
    events: list[Any] = []
    number = lab.subscribe_event(name, kind, events.append)

    def arrives() -> bool:
        """Push once more: ZMQ may lose what comes before its new connection is there."""
        tango_server.set(name, 7.0)
        values = [getattr(getattr(event, "attr_value", None), "value", None) for event in events]
        return bool(events) if kind == EventType.DATA_READY_EVENT else 7.0 in values

    try:
        wait_until(arrives)
    finally:
        lab.unsubscribe_event(number)
        tango_server.set(name, 0.0)
    # A polling thread that is late says so by an event.
    assert not [event for event in events if event.err and event.errors[0].reason != "API_PollThreadOutOfSync"]


def test_there_are_no_events_of_an_attribute_that_is_neither_polled_nor_pushed(lab: Any) -> None:
    subscribe = lab.subscribe_event
    assert reason(lambda: subscribe("axis", EventType.CHANGE_EVENT, print)) == "API_AttributePollingNotStarted"


def test_a_property_that_changes_under_a_client(tango_factory: TangoFactory) -> None:
    server = tango_factory()
    lab = server.client()
    assert lab.get_attribute_config("spectrum").unit == "V"
    server.play("configure", "spectrum", unit="mV")
    assert lab.get_attribute_config("spectrum").unit == "mV"


def test_another_version_of_the_server_at_the_same_place(tango_factory: TangoFactory) -> None:
    server = tango_factory()
    lab = server.client()
    assert lab.read_attribute("mode").value == 1
    server.kill()
    assert reason(lambda: lab.read_attribute("mode")) in ("API_CantConnectToDevice", "API_CorbaException")
    server.labels = ["High", "Low"]
    server.start()

    def labels() -> list[str]:
        try:
            return list(lab.get_attribute_config("mode").enum_labels)
        except tango.DevFailed:  # pytango tries again once a second
            return []

    wait_until(labels)
    assert labels() == ["High", "Low"]


def test_while_it_hangs_nothing_is_answered(tango_factory: TangoFactory) -> None:
    server = tango_factory()
    lab = server.client()
    lab.set_timeout_millis(300)
    assert lab.read_attribute("number").value == 1.5
    with server.hung():
        assert reason(lambda: lab.read_attribute("number")) == "API_CorbaException"
    wait_until(lambda: answers(lab))
    assert lab.read_attribute("number").value == 1.5


def test_what_a_device_cannot_do_is_said(tango_server: TangoServer) -> None:
    with pytest.raises(ServerError, match="no_such"):
        tango_server.play("no_such")
    assert tango_server.get("number") == 1.5


def test_a_mover(tango_factory: TangoFactory) -> None:
    server = tango_factory({"lab/m/1": "Mover", "lab/m/2": "PolledMover"})
    axis = server.client()
    assert reason(lambda: axis.write_attribute("Position", 101)) == "API_WAttrOutsideLimit"
    axis.write_attribute("Position", 4.0)
    assert axis.State() == DevState.MOVING
    wait_until(lambda: axis.State() != DevState.MOVING)
    assert (axis.State(), axis.read_attribute("Position").value) == (DevState.ON, 4.0)
    axis.write_attribute("Position", -90.0)
    axis.Stop()
    assert axis.State() == DevState.ON
    assert -90 < axis.read_attribute("Position").value < 4.1
    server.play("break", "FAULT")
    axis.write_attribute("Position", -axis.read_attribute("Position").value + 10)
    wait_until(lambda: axis.State() == DevState.FAULT)
    assert reason(lambda: axis.write_attribute("Position", 0)) == "Mover_Off"
    axis.Reset()
    assert axis.State() == DevState.ON


def test_a_polled_mover_tells_where_it_is(tango_factory: TangoFactory) -> None:
    server = tango_factory({"lab/m/1": "PolledMover"})
    axis = server.client()
    states: list[Any] = []
    number = axis.subscribe_event("State", EventType.CHANGE_EVENT, states.append)
    axis.write_attribute("Position", 10.0)

    def values() -> list[Any]:
        """Return the states without repetitions: on a busy machine the first one may come twice."""
        return [state for state, _ in itertools.groupby(event.attr_value.value for event in states if not event.err)]

    wait_until(lambda: len(values()) >= 3)
    axis.unsubscribe_event(number)
    # On a busy machine the server polls late, and tells its clients so.
    assert {error.reason for event in states for error in event.errors} <= {"API_PollThreadOutOfSync"}
    assert values() == [DevState.ON, DevState.MOVING, DevState.ON]


def test_two_servers_at_a_time(tango_factory: TangoFactory) -> None:
    servers = [tango_factory(numbers=3) for _ in range(2)]
    for value, server in zip(itertools.count(1.0), servers, strict=False):
        server.set("n2", value)
    assert [server.client().read_attribute("n2").value for server in servers] == [1.0, 2.0]
