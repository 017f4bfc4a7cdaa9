"""A Tango device in place, on a real server: what is declared is compared, and `fill` adds what only the server has."""

import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import bluesky.plans as bp
import pytest

from ophyd_decl import load_beamline, signal
from ophyd_decl.errors import AbsentError, MismatchError, ReadError, SignalError
from ophyd_decl.plans import ensure_connected
from ophyd_decl.session.settings.choice import settings_of
from ophyd_decl.session.standalone import close_all
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

pytestmark = pytest.mark.usefixtures("tango_client")
TIMEOUT_S = 15.0
#: For a server that comes back, on a machine with much else to do, in s.
PATIENCE_S = 40.0

FILLED = """api: ophyd_decl/v1
kind: beamline
name: test
devices:
  lab:
    type: tango.device
    trl: "TRL"
    fill: true
    signals:
      axis: {attr: Number, dtype: float, access: rw, units: mm, format: hinted}
      words: {attr: text, dtype: str}
    commands:
      Describe: {cmd: Describe, arg: float, returns: str}
  plain:
    type: tango.device
    trl: "TRL"
    signals:
      number: {attr: number, dtype: float}
"""


@pytest.fixture(scope="module")
def server(module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


Load = Callable[[str, TangoServer], Any]


@pytest.fixture
async def load(tmp_path: Path) -> AsyncIterator[Load]:
    """Load beamlines from their text, for one server; they are closed after the test."""
    loaded: list[Any] = []

    def load_text(text: str, server: TangoServer) -> Any:
        (tmp_path / "beamline.yaml").write_text(text.replace("TRL", server.trl()))
        loaded.append(load_beamline(tmp_path))
        return loaded[-1]

    yield load_text
    for beamline in loaded:
        await beamline.aclose()


def problems(beamline: Any) -> dict[str, str]:
    """Return severity and code of what is wrong now, by signal."""
    return {one.signal: f"{one.severity} {one.code}" for device in beamline.report.devices for one in device.problems}


async def test_what_hangs_is_named_by_a_read_too(load: Load, tango_factory: TangoFactory) -> None:
    """A read behind a connect in vain says what does not answer, and nothing of a database that is not asked."""
    hanging = tango_factory()
    beamline = load(FILLED, hanging)
    with hanging.hung():
        await beamline.aconnect(0.5)
        (error,) = (await beamline.read_many(["plain.number"])).values()
    assert isinstance(error, AbsentError)
    assert error.problem == f"127.0.0.1:{hanging.ports.ca} has not answered"
    assert error.help == "does it hang, and is it a Tango server?"


async def test_every_attribute_and_command_of_the_device_becomes_a_member(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    lab = beamline.lab
    assert [key for key, _ in lab.children()] == ["axis", "words", "Describe"]
    report = await beamline.aconnect(TIMEOUT_S)
    assert report.ok
    assert problems(beamline) == {}
    proxy = server.client()
    attributes, commands = list(proxy.get_attribute_list()), list(proxy.get_command_list())
    sources = [node.source for _, node in lab.children()]
    assert {source.rpartition("/")[2].lower() for source in sources} == {
        f"{name.lower()}#dbase=no" for name in (*attributes, *commands)
    }
    assert len(sources) == len(attributes) + len(commands)  # what is declared under another name is not there twice
    assert report.devices[0].connected == report.devices[0].signals == len(sources)
    assert report.devices[1].signals == 1
    assert [key for key, _ in lab.children()][:3] == ["axis", "words", "Describe"]


def test_one_attribute_without_a_file(server: TangoServer) -> None:
    try:
        number = signal(server.address("number"), name="n", dtype="float", units="mm")
        before = number.get()
        number.put(before + 1.0)
        assert number.get() == server.get("number") == before + 1.0
        number.put(before)
        with pytest.raises(SignalError, match="the device has no attribute `numbr`") as caught:
            signal(server.address("numbr"), name="m").get()
        assert "did you mean `number`?" in str(caught.value)
    finally:
        close_all()


async def test_members_are_reached_by_item_and_by_attribute(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    await beamline.aconnect(TIMEOUT_S)
    lab = beamline.lab
    assert await lab["my.attr-1"].get_value() == 4.5
    assert not hasattr(lab, "my.attr-1")
    assert beamline['lab["my.attr-1"]'] is lab["my.attr-1"]
    assert lab["my.attr-1"].path == 'lab["my.attr-1"]'
    assert await lab.count.get_value() == 3
    assert await lab["mode"].get_value() == "High"
    assert (await lab.ushort_image.get_value()).shape == (2, 3)
    assert await lab.State.get_value() == await lab.State_.execute() == "ON"
    assert await lab["words_"].get_value() == ["a", "b"]  # the file has another `words`
    await lab.whole.set(8.0)
    assert await lab.whole.get_value() == 8.0
    await lab.whole.set(7.0)
    assert not hasattr(lab.guarded, "set")
    assert not hasattr(lab.write_only, "get_value")
    await lab.mode.set("Low")
    assert server.get("mode") == 0
    await lab.mode.set("High")
    with pytest.raises(ReadError, match="INVALID"):
        await lab.invalid.get_value()


async def test_commands_take_and_return_what_the_device_says(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    await beamline.aconnect(TIMEOUT_S)
    lab = beamline.lab
    calls = await lab.Calls.execute()
    await lab.Nothing.trigger()
    assert await lab.Calls.execute() == calls + 1
    assert (await lab.EchoLongs.execute([1, 2])).tolist() == [1, 2]
    table = await lab.EchoLongStrings.execute({"lvalue": [1, 2], "svalue": ["a", "b"]})
    assert (table["lvalue"].tolist(), table["svalue"]) == ([1, 2], ["a", "b"])
    assert await lab.EchoState.execute("MOVING") == "MOVING"
    assert await lab.Describe.execute(1.5) == "1.500"
    with pytest.raises(SignalError, match="takes an argument"):
        await lab.EchoLongs.execute()


async def test_what_is_added_is_in_no_document(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    lab = beamline.lab
    before = lab.hints
    await beamline.aconnect(TIMEOUT_S)
    assert lab.hints == before == {"fields": ["lab-axis"]}
    assert list(await lab.read()) == list(await lab.describe()) == ["lab-axis"]
    assert await lab.read_configuration() == {}
    assert list(await lab["my.attr-1"].read()) == ["lab-my_attr-1"]


async def test_what_is_added_is_no_setting(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    before = [setting.path for setting in settings_of([beamline.lab])]
    await beamline.aconnect(TIMEOUT_S)
    assert hasattr(beamline.lab.whole, "set")
    assert [setting.path for setting in settings_of([beamline.lab])] == before == ["lab.axis"]
    assert settings_of([beamline.lab.whole]) == []


def test_a_scan_over_a_member_that_is_added(server: TangoServer, tmp_path: Path, RE: Any) -> None:
    (tmp_path / "beamline.yaml").write_text(FILLED.replace("TRL", server.trl()))
    beamline: Any = load_beamline(tmp_path)
    try:
        documents: list[tuple[str, Any]] = []
        RE(ensure_connected(beamline.lab, timeout=TIMEOUT_S))
        lab = beamline.lab
        RE(bp.scan([lab["my.attr-1"], lab.axis], lab.whole, 0, 2, 3), lambda *document: documents.append(document))
        events = [document["data"] for name, document in documents if name == "event"]
        assert [event["lab-whole"] for event in events] == [0, 1, 2]
        assert {(event["lab-axis"], event["lab-my_attr-1"]) for event in events} == {(1.5, 4.5)}
        (descriptor,) = [document for name, document in documents if name == "descriptor"]
        assert list(descriptor["data_keys"]) == ["lab-my_attr-1", "lab-axis", "lab-whole"]
        assert descriptor["data_keys"]["lab-whole"]["units"] == "s"
        RE(bps.mv(lab.whole, 7.0))
        assert server.get("whole") == 7.0
    finally:
        beamline.close()


DIFFERENT = """api: ophyd_decl/v1
kind: beamline
name: test
devices:
  lab:
    type: tango.device
    trl: "TRL"
    FILL
    signals:
      number: {attr: number, dtype: float, access: rw, units: mm, limits: [-50, 50]}
      text: {attr: text, dtype: float}
      spectrum: {attr: spectrum, dtype: float}
      image: {attr: ushort_image, dtype: uint16, shape: [null]}
      mode: {attr: mode, dtype: enum, choices: [Low, Off, High]}
      flag: {attr: flag, dtype: enum, choices: [Closed, Opne]}
      whole: {attr: whole, dtype: float, access: rw, units: ms}
      guarded: {attr: guarded, dtype: float, access: rw}
      ranged: {attr: guarded_range, dtype: float, access: rw, limits: [-200, 200], precision: 3}
      numbr: {attr: numbr, dtype: float}
    commands:
      echo: {cmd: EchoLongs, arg: str}
      number_: {cmd: Describe, returns: str}
      void: {cmd: Nothing, returns: int}
      boom: {cmd: Bomo}
"""
EXPECTED = [
    ("text", "error", "E620", "str (DevString)"),
    ("spectrum", "error", "E620", "float64[8] (DevDouble spectrum)"),
    ("image", "error", "E620", "uint16[8, 16] (DevUShort image)"),
    ("mode", "error", "E620", "enum{Low, High, Off} (DevEnum)"),
    ("flag", "error", "E620", "enum{Closed, Open} (DevEnum)"),
    ("whole", "error", "E623", "s"),
    ("guarded", "error", "E621", "read only"),
    ("ranged", "warning", "E624", "[-100.0, 100.0]"),
    ("ranged", "warning", "E625", "2"),
    ("numbr", "error", "E610", "did you mean `number`?"),
    ("echo", "error", "E620", "int32[any] (DevVarLongArray)"),
    ("number_", "error", "E620", "float64 (DevDouble)"),
    ("void", "error", "E620", "nothing"),
    ("boom", "error", "E610", "did you mean `Boom`?"),
]


@pytest.mark.parametrize("fill", ["fill: true", "fill: false"])
async def test_all_differences_are_reported_at_once_with_their_places(
    load: Load, server: TangoServer, fill: str
) -> None:
    text = DIFFERENT.replace("FILL", fill)
    beamline = load(text, server)
    report = await beamline.aconnect(TIMEOUT_S)
    found = [
        (one.signal.removeprefix("lab."), one.severity, one.code, one.help if one.code == "E610" else str(one.found))
        for one in report.devices[0].problems
    ]
    assert found == EXPECTED
    lines = text.splitlines()
    for one in report.devices[0].problems:
        name = one.signal.removeprefix("lab.")
        assert lines[one.line - 1].startswith(f"{name}:", one.column - 1)
        assert one.file.endswith("beamline.yaml")
    assert not report.ok
    assert await beamline.lab.number.get_value() == 1.5
    for refused in (beamline.lab.text, beamline.lab.mode):
        with pytest.raises(MismatchError):
            await refused.get_value()
    assert await beamline.lab.whole.get_value() == 7.0
    with pytest.raises(MismatchError, match="units differ"):
        await beamline.lab.whole.set(1.0)
    if fill == "fill: true":  # under its own name the device has it as it is
        assert await beamline.lab["count"].get_value() == 3


CHANGING = """api: ophyd_decl/v1
kind: beamline
name: test
devices:
  lab:
    type: tango.device
    trl: "TRL"
    fill: true
    signals:
      extra: {attr: extra, dtype: float, access: rw}
      number: {attr: number, dtype: float}
"""


async def test_attributes_that_are_added_and_removed_while_the_device_runs(
    load: Load, tango_factory: TangoFactory
) -> None:
    server = tango_factory()
    beamline = load(CHANGING, server)
    await beamline.aconnect(TIMEOUT_S)
    assert problems(beamline) == {"lab.extra": "error E610"}
    server.play("add", "more", "DevLong", 5)
    await until(lambda: "more" in dict(beamline.lab.children()), PATIENCE_S)
    await until(lambda: beamline.lab.more.channels and beamline.lab.more.channels[0].state == "connected", PATIENCE_S)
    assert await beamline.lab.more.get_value() == 5
    server.play("add", "extra", "DevDouble", 1.5)
    await until(lambda: problems(beamline) == {}, PATIENCE_S)
    assert await beamline.lab.extra.get_value() == 1.5
    assert [key for key, _ in beamline.lab.children()].count("extra") == 1
    seen: list[Any] = []
    beamline.lab.extra.subscribe(seen.append)
    await until(lambda: seen, PATIENCE_S)
    more = beamline.lab.more
    server.play("remove", "more")
    server.play("remove", "extra")
    await until(lambda: problems(beamline) == {"lab.extra": "error E610", "lab.more": "warning E633"}, PATIENCE_S)
    for gone in (more, beamline.lab.extra):
        with pytest.raises(SignalError):
            await gone.get_value()
    assert await beamline.lab.number.get_value() == 1.5
    beamline.lab.extra.clear_sub(seen.append)
    await beamline.aconnect(TIMEOUT_S)
    assert "more" not in dict(beamline.lab.children())
    assert not hasattr(beamline.lab, "more")


async def test_an_attribute_that_comes_back_as_something_else_is_compared_again(
    load: Load, tango_factory: TangoFactory
) -> None:
    server = tango_factory()
    server.play("add", "extra", "DevDouble", 1.5)
    beamline = load(CHANGING, server)
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    server.play("remove", "extra")
    await until(lambda: problems(beamline) == {"lab.extra": "error E610"}, PATIENCE_S)
    server.play("add", "extra", "DevString", "text")
    await until(lambda: problems(beamline) == {"lab.extra": "error E620"}, PATIENCE_S)
    with pytest.raises(MismatchError):
        await beamline.lab.extra.get_value()


async def test_it_is_filled_when_its_server_comes_late_and_used_again_after_a_restart(
    load: Load, tango_factory: TangoFactory
) -> None:
    server = tango_factory()
    server.kill()
    beamline = load(FILLED, server)
    report = await beamline.aconnect(0.5)
    assert [device.state for device in report.devices] == ["absent", "absent"]
    with pytest.raises(KeyError, match="axis, words, Describe"):
        beamline.lab["count"]
    server.start()
    await until(lambda: "count" in dict(beamline.lab.children()), PATIENCE_S)
    await until(lambda: beamline.report.ok and not problems(beamline), PATIENCE_S)
    count = beamline.lab["count"]
    assert await count.get_value() == 3
    server.kill()
    with pytest.raises(SignalError):
        await count.get_value()
    server.start()
    await until(lambda: beamline.report.ok and not problems(beamline), PATIENCE_S)
    assert beamline.lab["count"] is count
    assert await count.get_value() == 3


async def test_mock_mode_says_that_it_adds_nothing(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    report = (await beamline.aconnect(mock=True)).or_raise()
    lab, plain = report.devices
    assert [(one.severity, one.code, one.signal, one.source) for one in lab.problems] == [
        ("warning", "E634", "lab", server.trl())
    ]
    assert plain.problems == ()
    with pytest.raises(KeyError, match="no mock mode"):
        beamline.lab["my.attr-1"]
    assert await beamline.lab.axis.get_value() == 0.0


async def test_what_was_added_is_gone_when_the_beamline_is_closed(load: Load, server: TangoServer) -> None:
    beamline = load(FILLED, server)
    await beamline.aconnect(TIMEOUT_S)
    await beamline.aclose()
    assert [key for key, _ in beamline.lab.children()] == ["axis", "words", "Describe"]
    with pytest.raises(KeyError, match="when it connects"):
        beamline.lab["count"]
    assert (await beamline.aconnect(TIMEOUT_S)).ok
    assert await beamline.lab["count"].get_value() == 3


def test_validate_needs_no_control_system(server: TangoServer, tmp_path: Path) -> None:
    (tmp_path / "beamline.yaml").write_text(FILLED.replace("TRL", server.trl()))
    program = (
        "import sys; from ophyd_decl.cli import main\n"
        f"try: main(['validate', {str(tmp_path)!r}])\n"
        "except SystemExit as end: assert not end.code, end\n"
        "assert not {'tango', 'p4p', 'aioca', 'numpy'} & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60, capture_output=True)
