"""Every type and form of Tango's attributes as a file declares them: read, written and described, on a real server.

A cell is one type (rows) in one form (scalar, spectrum, image). Each is declared as what it is and as `any`, and its
extreme values go to the device and back, and so does nothing at all where a device may have that.
"""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tango

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer

pytestmark = pytest.mark.usefixtures("tango_client")
TIMEOUT_S = 20.0
FORMS = ("scalar", "spectrum", "image")
#: dtype of each number, and values at its ends.
NUMBERS: dict[str, tuple[str, list[Any]]] = {
    "uchar": ("uint8", [0, 255]),
    "short": ("int16", [-(2**15), 2**15 - 1]),
    "ushort": ("uint16", [0, 2**16 - 1]),
    "long": ("int32", [-(2**31), 2**31 - 1]),
    "ulong": ("uint32", [0, 2**32 - 1]),
    "long64": ("int64", [-(2**63), 2**63 - 1]),
    "ulong64": ("uint64", [2**63, 2**63 + 1, 2**64 - 1]),
    "float": ("float32", [float(np.finfo(np.float32).max), float(np.finfo(np.float32).tiny), -0.5]),
    "double": ("float64", [float(np.finfo(np.float64).max), 5e-324, 0.1]),
}
MODES, STATES = ["Low", "High", "Off"], ["MOVING", "UNKNOWN", "ON"]
#: What the others are declared as (None: only `any` can be), and values.
OTHERS: dict[str, tuple[dict[str, str | None], list[Any]]] = {
    "bool": ({"scalar": "bool", "spectrum": "uint8", "image": "uint8"}, [True, False]),
    "string": ({"scalar": "str", "spectrum": "str", "image": "str"}, ["", "a text", "\u00b5m \u00fc"]),
    "enum": ({"scalar": "enum, choices: [Low, High, Off]", "spectrum": None, "image": None}, MODES),
    "state": ({"scalar": "enum", "spectrum": None, "image": None}, STATES),
}
#: Attributes that are not called TYPE_FORM.
NAMES = {
    ("string", "scalar"): "text", ("string", "spectrum"): "words", ("enum", "scalar"): "mode",
    ("enum", "spectrum"): "modes", ("enum", "image"): "mode_image",
}  # fmt: skip
SHAPES = {"scalar": "", "spectrum": ", shape: [null]", "image": ", shape: [null, null]"}


def cells() -> Iterator[tuple[str, str]]:
    yield from ((kind, form) for kind in (*NUMBERS, *OTHERS) for form in FORMS)


def dtype_of(kind: str, form: str) -> str | None:
    return NUMBERS[kind][0] if kind in NUMBERS else OTHERS[kind][0][form]


def values_of(kind: str, form: str) -> list[Any]:
    values = (NUMBERS[kind] if kind in NUMBERS else OTHERS[kind])[1]
    return {"scalar": values, "spectrum": [values, values[:1]], "image": [[values, values[::-1]], [values[:1]]]}[form]


def plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value


def text() -> str:
    lines = ["api: ophyd_decl/v1", "kind: beamline", "name: test", "devices:", "  lab:", "    type: tango.device",
             '    trl: "TRL"', "    signals:"]  # fmt: skip
    for kind, form in cells():
        name, dtype = NAMES.get((kind, form), f"{kind}_{form}"), dtype_of(kind, form)
        lines.append(f"      {kind}_{form}_any: {{attr: {name}, dtype: any, access: rw}}")
        if dtype is not None:
            lines.append(f"      {kind}_{form}: {{attr: {name}, dtype: {dtype}{SHAPES[form]}, access: rw}}")
    for name in (*FACTS, "guarded"):
        lines.append(f"      {name}: {{attr: {name}, dtype: float}}")
    lines += [
        "      whole_int: {attr: whole, dtype: int, access: rw}",
        "      decimal_int: {attr: decimal, dtype: int}",
    ]
    return "\n".join(lines) + "\n"


@pytest.fixture(scope="module")
def server(module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


@pytest.fixture
async def lab(server: TangoServer, tmp_path: Path) -> AsyncIterator[Any]:
    (tmp_path / "beamline.yaml").write_text(text().replace("TRL", server.trl()))
    beamline: Any = load_beamline(tmp_path)
    (await beamline.aconnect(TIMEOUT_S)).or_raise()
    yield beamline.lab
    await beamline.aclose()


def signals(lab: Any, kind: str, form: str) -> list[Any]:
    """Return the signals on one attribute: as it is declared, and as `any`."""
    found = dict(lab.children())
    return [found[name] for name in (f"{kind}_{form}", f"{kind}_{form}_any") if name in found]


@pytest.mark.parametrize(("kind", "form"), list(cells()))
async def test_values_go_to_the_device_and_back(lab: Any, kind: str, form: str) -> None:
    declared = signals(lab, kind, form)
    for value in values_of(kind, form):
        for writer in declared:
            sent = value
            if kind == "bool" and writer._shape.datatype.name == "uint8":
                sent = np.asarray(value, np.uint8)
            await writer.set(sent)
            for reader in declared:
                read = await reader.get_value()
                assert plain(read) == value, (writer.path, reader.path)
                if isinstance(read, np.ndarray):
                    width = "bool" if kind == "bool" and reader.path.endswith("_any") else dtype_of(kind, form)
                    assert read.dtype == np.dtype(width)


@pytest.mark.parametrize(("kind", "form"), list(cells()))
async def test_data_keys_say_what_it_is(lab: Any, kind: str, form: str) -> None:
    value = values_of(kind, form)[0]
    for signal in signals(lab, kind, form):
        await signal.set(np.asarray(value, np.uint8) if signal._shape.datatype.name == "uint8" else value)
        (key,) = (await signal.describe()).values()
        expected = "array" if form != "scalar" else {
            "bool": "boolean", "string": "string", "enum": "string", "state": "string", "float": "number",
            "double": "number",
        }.get(kind, "integer")  # fmt: skip
        assert key["dtype"] == expected
        assert len(key["shape"]) == FORMS.index(form)
        if kind in ("enum", "state"):
            assert key["choices"][: len(MODES)] == (MODES if kind == "enum" else ["ON", "OFF", "CLOSE"])


@pytest.mark.parametrize("kind", [*NUMBERS, *OTHERS])
async def test_an_empty_spectrum_keeps_its_type(lab: Any, kind: str) -> None:
    declared = signals(lab, kind, "spectrum")
    for writer in declared:
        await writer.set(values_of(kind, "spectrum")[0] if kind != "bool" else np.array([1], np.uint8))
        await writer.set([])
        for reader in declared:
            read = await reader.get_value()
            assert plain(read) == []
            if isinstance(read, np.ndarray):
                assert read.shape == (0,)
                width = "bool" if kind == "bool" and reader.path.endswith("_any") else dtype_of(kind, "spectrum")
                assert read.dtype == np.dtype(width)


@pytest.mark.parametrize(
    ("kind", "value"),
    [*((kind, max(values) + 1) for kind, (dtype, values) in NUMBERS.items() if not dtype.startswith("float")),
     *((kind, min(values) - 1) for kind, (dtype, values) in NUMBERS.items() if dtype.startswith("int")),
     ("ulong64", -1), ("float", 1e39), ("bool", 2), ("enum", "Lwo"), ("enum", 0), ("state", "RUNING"), ("state", 0),
     ("string", "20 \u20ac"), ("string", 1)],
)  # fmt: skip
async def test_what_does_not_fit_is_not_sent(lab: Any, kind: str, value: Any) -> None:
    for form, wrapped in (("scalar", value), ("spectrum", [value]), ("image", [[value]])):
        for signal in signals(lab, kind, form):
            before = plain(await signal.get_value())
            with pytest.raises(BadValueError):
                await signal.set(wrapped)
            assert plain(await signal.get_value()) == before


FACTS: dict[str, tuple[str | None, int | None, Any, Any, Any]] = {
    "number": ("mm", 3, (-50, 50), None, None),
    "whole": ("s", 0, None, None, None),
    "decimal": (None, 0, None, None, None),
    "scientific": (None, None, None, None, None),
    "guarded_range": ("mm", 2, (-100, 100), (-50, 50), (-40, 40)),
    "axis": (None, 2, None, None, None),
    "stream_fixed": (None, 2, None, None, None),
    "stream_scientific": (None, None, None, None, None),
    "stream_width": (None, 5, None, None, None),
    "stream_twice": (None, 4, None, None, None),
    "stream_digits": (None, None, None, None, None),
    "stream_bare": (None, None, None, None, None),
}


@pytest.mark.parametrize("name", FACTS)
async def test_units_precision_limits_and_alarm_ranges(lab: Any, name: str) -> None:
    """A file that does not say them has those of the device, in descriptions and data keys."""
    units, precision, limits, alarm, warning = FACTS[name]
    signal = lab[name]
    said = signal.channels[0].description
    assert (said.units, said.precision, said.limits, said.alarm, said.warning) == (
        units, precision, limits, alarm, warning,
    )  # fmt: skip
    (key,) = (await signal.describe()).values()
    assert (key.get("units"), key.get("precision")) == (units, precision)
    ranges = {"control": limits, "alarm": alarm, "warning": warning}
    expected = {kind: {"low": ends[0], "high": ends[1]} for kind, ends in ranges.items() if ends is not None}
    assert key.get("limits", {}) == expected


async def test_no_decimal_places_may_be_a_whole_number(lab: Any, server: TangoServer) -> None:
    assert [await lab[name].get_value() for name in ("whole_int", "decimal_int")] == [7, 7]
    await lab.whole_int.set(8)
    assert server.get("whole") == 8.0
    await lab.whole_int.set(7)


async def test_the_table_has_every_type_of_tango() -> None:
    scalars = {str(kind) for kind in tango.CmdArgType.names if kind.startswith("Dev") and not kind.startswith("DevVar")}
    named = {"uchar": "UChar", "ushort": "UShort", "ulong": "ULong", "ulong64": "ULong64", "bool": "Boolean"}
    covered = {f"Dev{named.get(kind, kind.capitalize())}" for kind in (*NUMBERS, *OTHERS)}
    elsewhere = {"DevEncoded", "DevVoid", "DevPipeBlob", "DevInt"}  # test_tango_encoded; no types of attributes
    assert scalars - elsewhere == covered
