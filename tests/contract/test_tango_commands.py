"""Commands of Tango as a file declares them: every type of argument and result, on a real server and in mock mode."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import bluesky.plan_stubs as bps
import numpy as np
import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, MismatchError, PutLostError, PutTimeoutError
from ophyd_decl.plans import ensure_connected
from tests.contract.labs import until
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_commands import ECHOES
from tests.servers.tango_server import TangoServer

pytestmark = pytest.mark.usefixtures("tango_client")
TIMEOUT_S = 15.0
LONG_TABLE = "{dtype: table, columns: {lvalue: int32, svalue: str}}"
DOUBLE_TABLE = "{dtype: table, columns: {dvalue: float64, svalue: str}}"
STATES = "{dtype: enum, choices: [ON, MOVING, FAULT], match: subset}"
#: What each echo is declared as, and a value for it.
TYPES: dict[str, tuple[str, Any]] = {
    "Boolean": ("bool", True),
    "Short": ("int16", -32768),
    "UShort": ("uint16", 65535),
    "Long": ("int32", -(2**31)),
    "ULong": ("uint32", 2**32 - 1),
    "Long64": ("int64", -(2**63)),
    "ULong64": ("uint64", 2**64 - 1),
    "Float": ("float32", 0.5),
    "Double": ("float", 0.1),
    "String": ("str", "a text"),
    "State": (STATES, "MOVING"),
    "Enum": ("int", 2),
    "Encoded": ("{dtype: uint8, shape: [null]}", [1, 255]),
    "Booleans": ("{dtype: uint8, shape: [null]}", [1, 0]),
    "UChars": ("{dtype: uint8, shape: [null]}", [0, 255]),
    "Shorts": ("{dtype: int16, shape: [null]}", [-1, 1]),
    "UShorts": ("{dtype: uint16, shape: [null]}", [0, 65535]),
    "Longs": ("{dtype: int32, shape: [null]}", [-1, 1]),
    "ULongs": ("{dtype: uint32, shape: [null]}", [2**32 - 1]),
    "Long64s": ("{dtype: int64, shape: [null]}", [-(2**63)]),
    "ULong64s": ("{dtype: uint64, shape: [null]}", [2**64 - 1, 2**63]),
    "Floats": ("{dtype: float32, shape: [null]}", [0.5]),
    "Doubles": ("{dtype: float64, shape: [null]}", [0.1, -0.1]),
    "Strings": ("{dtype: str, shape: [null]}", ["a", "b"]),
    "LongStrings": (LONG_TABLE, {"lvalue": [1, -1], "svalue": ["one", "minus one"]}),
    "DoubleStrings": (DOUBLE_TABLE, {"dvalue": [0.5], "svalue": ["half"]}),
}
BEAMLINE = """api: ophyd_decl/v1
kind: beamline
name: test
devices:
  lab:
    type: tango.device
    trl: "TRL"
    signals:
      number: {attr: number, dtype: float}
    commands:
"""
GIVEN = f"""
      given: {{cmd: EchoLongStrings, arg: {LONG_TABLE}, returns: {LONG_TABLE}, value: {{lvalue: [7], svalue: [seven]}}}}
      table: {{cmd: LongTable, returns: {LONG_TABLE}}}
      state: {{cmd: State, returns: {{dtype: enum}}}}
      empty: {{cmd: EchoDoubleStrings, arg: {DOUBLE_TABLE}, returns: {DOUBLE_TABLE}}}
"""
WRONG = f"""
      columns: {{cmd: EchoLongStrings, arg: {DOUBLE_TABLE}, returns: {LONG_TABLE}}}
      order: {{cmd: LongTable, returns: {{dtype: table, columns: {{svalue: str, lvalue: int32}}}}}}
      width: {{cmd: LongTable, returns: {{dtype: table, columns: {{lvalue: int16, svalue: str}}}}}}
      label: {{cmd: EchoState, arg: {{dtype: enum, choices: [ON, RUNING], match: subset}}, returns: any}}
      number_: {{cmd: EchoEnum, arg: {{dtype: enum, choices: [Out, In]}}, returns: int}}
      scalar: {{cmd: LongTable, returns: int}}
"""


@pytest.fixture(scope="module")
def server(module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


def loaded(folder: Path, server: TangoServer, commands: str) -> Any:
    (folder / "beamline.yaml").write_text(BEAMLINE.replace("TRL", server.trl()) + commands.strip("\n") + "\n")
    return load_beamline(folder)


def echoes() -> str:
    return "".join(
        f"      e{name}: {{cmd: Echo{name}, arg: {kind}, returns: {kind}}}\n" for name, (kind, _) in TYPES.items()
    )


@pytest.fixture
async def lab(server: TangoServer, tmp_path: Path) -> AsyncIterator[Any]:
    beamline = loaded(tmp_path, server, echoes() + GIVEN.strip("\n"))
    (await beamline.aconnect(TIMEOUT_S)).or_raise()
    yield beamline.lab
    await beamline.aclose()


def plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: plain(column) for name, column in value.items()}
    return value.tolist() if isinstance(value, np.ndarray) else value


def test_every_type_of_the_server_is_tried() -> None:
    assert set(TYPES) == set(ECHOES) - {"UChar"}


async def test_a_call_that_breaks_in_the_server_leaves_the_device_usable(server: TangoServer, tmp_path: Path) -> None:
    """Tango 10 has no DevUChar for commands, and finds out when one is called: nobody knows what was done."""
    beamline = loaded(tmp_path, server, "      uchar: {cmd: EchoUChar, arg: uint8, returns: uint8}")
    try:
        (await beamline.aconnect(TIMEOUT_S)).or_raise()
        with pytest.raises(PutLostError):
            await beamline.lab.uchar.execute(255)
        await until(lambda: beamline.report.ok, TIMEOUT_S)
        assert await beamline.lab.number.get_value() == 1.5
    finally:
        await beamline.aclose()


async def test_what_is_sent_comes_back(lab: Any) -> None:
    for name, (_, value) in TYPES.items():
        returned = await lab[f"e{name}"].execute(value)
        assert (plain(returned), type(plain(returned))) == (value, type(value)), name


async def test_the_help_for_one_that_takes_longer_is_a_line_of_the_file(server: TangoServer, tmp_path: Path) -> None:
    beamline = loaded(tmp_path, server, "      slow: {cmd: Slow, arg: float, returns: float, timeout: 0.2}")
    try:
        (await beamline.aconnect(TIMEOUT_S)).or_raise()
        with pytest.raises(PutTimeoutError) as caught:
            await beamline.lab.slow.execute(2.0)
        assert "if it takes longer, give the command that: `timeout: S`" in str(caught.value)
    finally:
        await beamline.aclose()


async def test_tables(lab: Any) -> None:
    table = await lab.given.execute()
    assert (table["lvalue"].dtype, plain(table)) == (np.int32, {"lvalue": [7], "svalue": ["seven"]})
    assert plain(await lab.table.execute()) == {"lvalue": [1, 2, 3], "svalue": ["one", "two", "three"]}
    assert plain(await lab.empty.execute({"dvalue": [], "svalue": []})) == {"dvalue": [], "svalue": []}
    assert await lab.state.execute() == "ON"


BAD: list[tuple[str, Any]] = [
    ("eLongStrings", {"svalue": ["a"], "lvalue": [1]}),
    ("eLongStrings", {"lvalue": [1]}),
    ("eLongStrings", {"lvalue": [1, 2], "svalue": ["a"]}),
    ("eLongStrings", {"lvalue": [2**31], "svalue": ["a"]}),
    ("eLongStrings", {"lvalue": [0.5], "svalue": ["a"]}),
    ("eLongStrings", {"lvalue": [1], "svalue": [2]}),
    ("eDoubleStrings", [[1.0], ["a"]]),
    ("eDoubleStrings", None),
    ("eState", "RUNING"),
    ("eState", 0),
    ("eULong64", -1),
    ("table", {"lvalue": [1], "svalue": ["a"]}),
]


@pytest.mark.parametrize(("name", "value"), BAD, ids=str)
async def test_what_does_not_fit_is_not_sent(lab: Any, name: str, value: Any) -> None:
    with pytest.raises(BadValueError):
        await lab[name].execute(value)


async def test_what_differs_from_the_device_is_refused(server: TangoServer, tmp_path: Path) -> None:
    beamline = loaded(tmp_path, server, WRONG)
    try:
        report = await beamline.aconnect(TIMEOUT_S)
        found = {one.signal.removeprefix("lab."): (one.code, one.cause) for one in report.devices[0].problems}
        assert found == {
            "columns": ("E620", "what the command takes: the columns differ"),
            "order": ("E620", "what the command returns: the columns differ"),
            "width": ("E620", "what the command returns: column `lvalue`: served with another element type"),
            "label": ("E620", "what the command takes: the server has no label for 'RUNING'"),
            "number_": ("E620", "what the command takes: enum needs labels, and the server has none"),
            "scalar": ("E620", "what the command returns: only a table can be declared as `table`"),
        }
        with pytest.raises(MismatchError):
            await beamline.lab.order.execute()
    finally:
        await beamline.aclose()


def test_in_a_plan_and_in_mock_mode(server: TangoServer, tmp_path: Path, RE: Any) -> None:
    beamline = loaded(tmp_path, server, echoes() + GIVEN.strip("\n"))
    mock = loaded(tmp_path, server, echoes() + GIVEN.strip("\n"))
    try:
        RE(ensure_connected(beamline.lab, timeout=TIMEOUT_S))
        RE(bps.trigger(beamline.lab.given, wait=True))
        mock.connect(mock=True)
        RE(bps.trigger(mock.lab.given, wait=True))
    finally:
        beamline.close()
        mock.close()


async def test_mock_mode_checks_what_it_is_given(server: TangoServer, tmp_path: Path) -> None:
    beamline = loaded(tmp_path, server, echoes() + GIVEN.strip("\n"))
    try:
        await beamline.aconnect(mock=True)
        lab = beamline.lab
        assert plain(await lab.eLongStrings.execute({"lvalue": [1], "svalue": ["a"]})) == {"lvalue": [], "svalue": []}
        assert await lab.eState.execute("MOVING") == "ON"
        for wrong in ({"lvalue": [1]}, {"lvalue": [2**31], "svalue": ["a"]}):
            with pytest.raises(BadValueError):
                await lab.eLongStrings.execute(wrong)
        with pytest.raises(BadValueError):
            await lab.eState.execute("RUNING")
    finally:
        await beamline.aclose()
