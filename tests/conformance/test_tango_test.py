"""TangoTest, the device of the Tango project with an attribute and a command of every type, as Debian ships it.

It runs without a database, and with Debian's own on MariaDB. All of its attributes stand in one beamline, by the type
that they have; what cannot be read or written stands in a table, with the reason. A row that no longer holds fails.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tango

from ophyd_decl import load_beamline
from ophyd_decl.errors import PutRefusedError, SignalError
from tests.contract.labs import Seen, until
from tests.servers.debian import DebianDatabase, TangoTest, needs_database, needs_tango_test

pytestmark = pytest.mark.usefixtures("tango_client")

#: Of numbers, what Tango calls them in the names of these attributes.
WIDTHS = {
    "boolean": "bool", "uchar": "uint8", "short": "int16", "ushort": "uint16", "long": "int32", "ulong": "uint32",
    "long64": "int64", "ulong64": "uint64", "float": "float32", "double": "float64", "string": "str",
}  # fmt: skip
EVERY, WRITTEN = tuple(WIDTHS), ("boolean", "uchar", "short", "ushort", "long", "float", "double", "string")
SCALARS = {
    **{f"{kind}_scalar": (kind, "rw") for kind in EVERY},
    **{f"{kind}_scalar_w": (kind, "rw") for kind in ("short", "long", "double")},
    **{f"{kind}_scalar_rww": (kind, "r") for kind in ("short", "long", "double")},
    "ampli": ("double", "rw"), "short_scalar_ro": ("short", "r"), "no_value": ("long", "r"),
    "throw_exception": ("long", "r"), "State": ("state", "r"), "Status": ("string", "r"),
}  # fmt: skip
ARRAYS = {
    f"{kind}_{form}{end}": (kind, dimensions, "r" if end else "rw")
    for form, dimensions in (("spectrum", 1), ("image", 2))
    for end, kinds in (("", WRITTEN), ("_ro", EVERY))
    for kind in kinds
} | {"wave": ("double", 1, "r")}
#: What gives no value, and what is said then.
REFUSED = {
    "no_value": "the device gave no value: Read value for attribute no_value has not been updated",
    "throw_exception": "the device gave no value: here is the exception you requested",
}
#: What reads as something of its own, whatever was written: numbers that come and go, or a constant.
OWN = frozenset(
    f"{kind}_scalar" for kind in ("uchar", "short", "ushort", "long", "ulong", "long64", "ulong64", "float", "double")
)
#: What ends the server with a segmentation fault when it is written, in this version.
CRASHES = frozenset(("long_image",))
#: What a device says to be read beside another one, and then refuses to write.
NOT_WRITTEN = ("short_scalar_rww", "long_scalar_rww", "double_scalar_rww")
#: Commands that return what they get, with the declared type and a value for it.
ECHOES: dict[str, tuple[str, Any]] = {
    "DevBoolean": ("bool", True),
    "DevShort": ("int", -7),
    "DevUShort": ("int", 7),
    "DevLong": ("int", -70000),
    "DevULong": ("int", 70000),
    "DevLong64": ("int", -(2**40)),
    "DevULong64": ("uint64", 2**63),
    "DevFloat": ("float", 0.5),
    "DevDouble": ("float", 1.5),
    "DevString": ("str", "hello"),
    "DevVarCharArray": ("uint8", [1, 255]),
    "DevVarShortArray": ("int16", [-1, 2]),
    "DevVarUShortArray": ("uint16", [1, 2]),
    "DevVarLongArray": ("int32", [-1, 2]),
    "DevVarULongArray": ("uint32", [1, 2]),
    "DevVarLong64Array": ("int64", [-1, 2]),
    "DevVarULong64Array": ("uint64", [1, 2]),
    "DevVarFloatArray": ("float32", [0.5]),
    "DevVarDoubleArray": ("float64", [0.5, 1]),
    "DevVarStringArray": ("str", ["a", "b"]),
}


@pytest.fixture(scope="module", params=["alone", "with a database"])
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TangoTest]:
    folder = tmp_path_factory.mktemp("tango_test")
    with ExitStack() as stack:
        database = None
        if request.param == "alone":
            needs_tango_test()
        else:
            needs_database()
            database = DebianDatabase(folder)
            stack.callback(database.close)
            database.start()
        made = TangoTest(folder, database)
        stack.callback(made.close)
        yield made.start()


def declared() -> list[str]:
    """Return a line of YAML for each attribute."""
    lines: list[str] = []
    for name, (kind, rights) in SCALARS.items():
        dtype = {"bool": "bool", "str": "str", "float32": "float", "float64": "float"}.get(WIDTHS.get(kind, ""), "int")
        dtype = "enum" if kind == "state" else dtype
        lines.append(f"{name}: {{attr: {name}, dtype: {dtype}, access: {rights}}}")
    for name, (kind, dimensions, rights) in ARRAYS.items():
        # The language has no word for arrays of truth values, which are what they are.
        dtype = "any" if kind == "boolean" else f"{WIDTHS[kind]}, shape: [{', '.join(['null'] * dimensions)}]"
        lines.append(f"{name}: {{attr: {name}, dtype: {dtype}, access: {rights}}}")
    return lines


def write(folder: Path, trl: str, signals: list[str], commands: list[str] | None = None) -> Path:
    head = ["api: ophyd_decl/v1", "kind: beamline", "name: t", "devices:", "  tg:", "    type: tango.device"]
    body = [f'    trl: "{trl}"', "    signals:", *(f"      {line}" for line in signals)]
    body += ["    commands:", *(f"      {line}" for line in commands)] if commands else []
    file = folder / "beamline.yaml"
    file.write_text("\n".join([*head, *body, ""]))
    return file


@pytest.fixture
async def beamline(server: TangoTest, tmp_path: Path) -> AsyncIterator[Any]:
    """Return the beamline with all attributes, connected."""
    made = load_beamline(write(tmp_path, server.trl, declared()))
    await made.aconnect(timeout=20)
    yield made
    await made.aclose()


def proxy(server: TangoTest) -> Any:
    return tango.DeviceProxy(server.trl)


async def test_all_attributes_connect_and_none_differs(beamline: Any, server: TangoTest) -> None:
    assert {*SCALARS, *ARRAYS} == set(proxy(server).get_attribute_list())
    assert len(SCALARS) + len(ARRAYS) == 62
    (device,) = beamline.report.devices
    assert (device.state, device.connected, device.problems) == ("connected", 62, ())


async def test_every_attribute_is_readable_with_its_type_or_refused_with_a_reason(
    beamline: Any, server: TangoTest
) -> None:
    found = await beamline.read_many([f"tg.{name}" for name in (*SCALARS, *ARRAYS)])
    values = {path.removeprefix("tg."): outcome for path, outcome in found.items()}
    errors = {name: values.pop(name) for name in REFUSED}
    for name, error in errors.items():
        assert isinstance(error, SignalError)
        assert error.problem.startswith(REFUSED[name])
    assert not [outcome for outcome in values.values() if isinstance(outcome, SignalError)]
    device = proxy(server)
    raw = dict(zip(values, device.read_attributes(list(values)), strict=True))
    for name, outcome in values.items():
        value = outcome["value"]
        assert outcome["alarm_severity"] == 0
        if name in SCALARS:
            kind = SCALARS[name][0]
            expected = {"boolean": bool, "string": str, "state": str, "float": float, "double": float}.get(kind, int)
            assert type(value) is expected, name
        elif ARRAYS[name][0] == "string":
            assert isinstance(value, list), name
            assert np.shape(value) == np.shape(raw[name].value), name
        else:
            assert (value.dtype, value.shape) == (np.dtype(WIDTHS[ARRAYS[name][0]]), raw[name].value.shape), name
    assert values["State"]["value"] == "RUNNING"
    assert values["Status"]["value"] == "The device is in RUNNING state."
    assert values["string_scalar"]["value"] == "Default string"
    assert values["string_image_ro"]["value"][1][2].startswith("[02][01]::hello world")  # column, then row


async def test_what_is_written_is_there(beamline: Any, server: TangoTest) -> None:
    samples: dict[str, Any] = {"boolean": True, "string": "caf\u00e9", "float": 0.5, "double": 2.5}
    device = proxy(server)
    for name, (kind, rights) in SCALARS.items():
        if rights == "rw":
            value = samples.get(kind, 7)
            await beamline[f"tg.{name}"].set(value)
            raw = device.read_attribute(name)
            assert raw.w_value == value, name
            assert (raw.value == value) is (name not in OWN), name
            assert (await beamline[f"tg.{name}"].locate())["setpoint"] == value
    for name, (kind, dimensions, rights) in ARRAYS.items():
        if rights == "rw" and name not in CRASHES:
            value = samples.get(kind, 7)
            filled = [value, value, value] if dimensions == 1 else [[value] * 3] * 2
            wanted: Any = filled if kind == "string" else np.array(filled, WIDTHS[kind])
            await beamline[f"tg.{name}"].set(wanted)
            assert np.array_equal(device.read_attribute(name).value, wanted), name
            assert np.array_equal(await beamline[f"tg.{name}"].get_value(), wanted), name


async def test_what_cannot_be_written_is_said_at_connect(server: TangoTest, tmp_path: Path) -> None:
    lines = [f"{name}: {{attr: {name}, dtype: any, access: rw}}" for name in NOT_WRITTEN]
    beamline = load_beamline(write(tmp_path, server.trl, lines))
    try:
        await beamline.aconnect(timeout=20)
        (device,) = beamline.report.devices
        assert [(one.signal, one.code) for one in device.problems] == [(f"tg.{name}", "E621") for name in NOT_WRITTEN]
        with pytest.raises(PutRefusedError):
            await beamline[f"tg.{NOT_WRITTEN[0]}"].set(1)
        assert isinstance(await beamline[f"tg.{NOT_WRITTEN[0]}"].get_value(), int)
    finally:
        await beamline.aclose()


async def test_commands_return_what_they_get(server: TangoTest, tmp_path: Path) -> None:
    commands: list[str] = []
    for name, (dtype, value) in ECHOES.items():
        kind = f"{{dtype: {dtype}, shape: [null]}}" if isinstance(value, list) else dtype
        commands.append(f"{name}: {{cmd: {name}, arg: {kind}, returns: {kind}}}")
    commands.append("void: {cmd: DevVoid}")
    beamline = load_beamline(write(tmp_path, server.trl, ["State: {attr: State, dtype: enum}"], commands))
    try:
        (await beamline.aconnect(timeout=20)).or_raise()
        for name, (dtype, value) in ECHOES.items():
            returned = await beamline[f"tg.{name}"].execute(value)
            assert np.array_equal(returned, value), name
            assert not isinstance(value, list) or dtype == "str" or returned.dtype == dtype, name
        assert await beamline["tg.void"].execute() is None
    finally:
        await beamline.aclose()


async def test_a_value_that_changes_is_told(beamline: Any) -> None:
    """The device pushes no events, and its attributes are not polled: `auto` reads them."""
    signal = beamline["tg.double_scalar"]
    seen = Seen()
    number = signal.subscribe(lambda readings: seen.updates.append(readings["tg-double_scalar"]))
    await until(lambda: len({reading["value"] for reading in seen.updates}) > 2)  # type: ignore[index]
    assert signal.channels[0].updates == "polled every 0.25 s"
    signal.clear_sub(number)
