"""Every type and shape of Tango, read as it is served and as it is declared, and written back."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.protocol import Description
from ophyd_decl.errors import BadValueError, MismatchError, ReadError
from ophyd_decl.vocab.datatypes import Datatype
from ophyd_decl.vocab.readings import Limits, Reading
from tests.contract.labs import ANY, ENUM, FLOAT, INT, TEXT, TangoLab, labelled
from tests.servers.fixtures import TangoFactory
from tests.servers.tango_server import TangoServer


@pytest.fixture(scope="module")
def server(tango_client: None, module_tango_factory: TangoFactory) -> TangoServer:
    return module_tango_factory()


@pytest.fixture
async def lab(server: TangoServer) -> AsyncIterator[TangoLab]:
    async with TangoLab(server) as made:
        yield made


NUMBERS = {
    "uchar": "uint8", "short": "int16", "ushort": "uint16", "long": "int32", "ulong": "uint32", "long64": "int64",
    "ulong64": "uint64", "float": "float32", "double": "float64",
}  # fmt: skip


@pytest.mark.parametrize(("name", "width"), NUMBERS.items())
async def test_numbers_are_exact_to_the_last_digit(lab: TangoLab, name: str, width: str) -> None:
    scalar = await lab.connected(f"{name}_scalar", Datatype(width))
    expected = 0.5 if width.startswith("float") else int(np.iinfo(width).max)
    assert await lab.value(scalar) == expected
    assert await lab.put(scalar, 1) is None
    assert lab.server.get(f"{name}_scalar") == 1
    assert await lab.put(scalar, expected) is None
    assert await lab.value(scalar) == expected


@pytest.mark.parametrize(("name", "width"), [*NUMBERS.items(), ("bool", "bool")])
@pytest.mark.parametrize("form", ["spectrum", "image"])
async def test_arrays_keep_their_type_and_shape(lab: TangoLab, name: str, width: str, form: str) -> None:
    declared = (None,) if form == "spectrum" else (None, None)
    attribute = f"{name}_{form}"
    as_it_is, as_declared = lab.channel(attribute, ANY), lab.channel(attribute, Datatype(width, declared))
    outcomes = await lab.connect(as_it_is, as_declared)
    assert all(isinstance(outcome, Description) for outcome in outcomes), outcomes
    values = [await lab.value(channel) for channel in (as_it_is, as_declared)]
    expected = np.asarray(lab.server.get(attribute), width)
    for value, outcome in zip(values, outcomes, strict=True):
        assert (value.dtype, value.shape) == (np.dtype(width), outcome.shape)  # type: ignore[union-attr]
        assert np.array_equal(value, expected)
    written = expected[::-1].copy()
    assert await lab.put(as_declared, written) is None
    assert np.array_equal(await lab.value(as_declared), written)
    assert np.array_equal(lab.server.get(attribute), written)
    assert await lab.put(as_declared, expected) is None


async def test_no_more_than_the_largest_size_is_sent(lab: TangoLab) -> None:
    image = await lab.connected("ushort_image", Datatype("uint16", (None, None)))
    assert image.description is not None
    assert image.description.native.shape == (8, 16)
    assert isinstance(await lab.put(image, np.zeros((9, 2), np.uint16)), BadValueError)
    assert isinstance(await lab.put(image, np.zeros((2, 17), np.uint16)), BadValueError)


async def test_an_empty_spectrum_is_an_empty_array(lab: TangoLab) -> None:
    channel = await lab.connected("empty_spectrum", ANY)
    value = await lab.value(channel)
    assert (value.dtype, value.shape) == (np.float64, (0,))


async def test_texts(lab: TangoLab) -> None:
    bool_, words, image = (lab.channel(name, ANY) for name in ("bool_scalar", "words", "string_image"))
    long_text = lab.channel("long_text", TEXT)
    outcomes = await lab.connect(bool_, words, image, long_text)
    assert all(isinstance(outcome, Description) for outcome in outcomes), outcomes
    assert await lab.value(bool_) is True
    assert await lab.value(words) == ["a", "b"]
    assert await lab.value(image) == [["a", "b"], ["c", "d"]]
    assert outcomes[2].shape == (2, 2)  # type: ignore[union-attr]
    assert await lab.put(image, [["x", "y", "z"]]) is None
    assert await lab.value(image) == [["x", "y", "z"]]
    assert await lab.put(image, [["a", "b"], ["c", "d"]]) is None
    assert isinstance(await lab.put(image, [["a"], ["b", "c"]]), BadValueError)
    assert isinstance(await lab.put(image, ["a"]), BadValueError)
    outcome = await lab.put(long_text, "20 €")
    assert isinstance(outcome, BadValueError)
    assert "Latin-1" in str(outcome)


async def test_states_are_read_and_written_by_label(lab: TangoLab) -> None:
    device, scalar, spectrum = (lab.channel(name, ENUM) for name in ("State", "state_scalar", "state_spectrum"))
    spectrum = lab.channel("state_spectrum", ANY)
    outcomes = await lab.connect(device, scalar, spectrum)
    assert all(isinstance(outcome, Description) for outcome in outcomes), outcomes
    assert [await lab.value(one) for one in (device, scalar, spectrum)] == ["ON", "OPEN", ["ON", "FAULT"]]
    assert outcomes[0].choices[:3] == ("ON", "OFF", "CLOSE")  # type: ignore[union-attr]
    assert await lab.put(scalar, "MOVING") is None
    assert await lab.value(scalar) == "MOVING"
    assert await lab.put(scalar, "OPEN") is None
    assert await lab.put(spectrum, ["ALARM"]) is None
    assert await lab.value(spectrum) == ["ALARM"]
    assert await lab.put(spectrum, ["ON", "FAULT"]) is None
    subset = lab.channel("State", labelled("ON", "MOVING", "FAULT", match="subset"))
    wrong = lab.channel("State", labelled("ON", "RUNING", match="subset"))
    outcomes = await lab.connect(subset, wrong)
    assert [type(outcome) for outcome in outcomes] == [Description, MismatchError]
    assert await lab.value(subset) == "ON"


async def test_enums_are_read_and_written_by_label(lab: TangoLab) -> None:
    modes = await lab.connected("modes", ANY)
    assert await lab.value(modes) == ["Low", "High"]
    assert await lab.put(modes, ["Off", "Low", "High"]) is None
    assert await lab.value(modes) == ["Off", "Low", "High"]
    assert await lab.put(modes, ["Low", "High"]) is None
    assert isinstance(await lab.put(modes, ["Higher"]), BadValueError)


async def test_labels_of_an_array_are_compared_as_those_of_a_scalar(lab: TangoLab) -> None:
    def declared(*labels: str, match: Any = "exact") -> Datatype:
        return replace(labelled(*labels, match=match), shape=(None,))

    right, swapped, renamed = declared("Low", "High", "Off"), declared("High", "Low", "Off"), declared("red", "green")
    channels = [lab.channel("modes", one) for one in (right, swapped, renamed)]
    outcomes = await lab.connect(*channels)
    assert [type(outcome) for outcome in outcomes] == [Description, MismatchError, MismatchError]
    assert "High, Low, Off" in str(outcomes[1])
    assert "Low, High, Off" in str(outcomes[1])
    assert await lab.value(channels[0]) == ["Low", "High"]
    assert isinstance((await lab.read(channels[1]))[0], MismatchError)


async def test_encoded_data_are_bytes(lab: TangoLab) -> None:
    channel = await lab.connected("encoded", Datatype("uint8", (None,)))
    assert channel.description is not None
    assert channel.description.shape == (3,)
    assert (await lab.value(channel)).tolist() == [1, 2, 3]
    assert await lab.put(channel, [0, 255]) is None
    assert (await lab.value(channel)).tolist() == [0, 255]
    assert await lab.put(channel, [1, 2, 3]) is None


async def test_a_name_that_is_no_identifier(lab: TangoLab) -> None:
    channel = await lab.connected("my.attr-1", FLOAT)
    assert await lab.value(channel) == 4.5


async def test_capitals_do_not_matter(lab: TangoLab) -> None:
    upper, lower = lab.channel("NUMBER", FLOAT), lab.channel("number", FLOAT)
    await lab.connect(upper, lower)
    assert await lab.value(upper) == await lab.value(lower) == 1.5


async def test_what_the_server_says_of_a_number(lab: TangoLab) -> None:
    names = ("number", "whole", "scientific", "guarded_range", "raising")
    channels = [lab.channel(name, FLOAT) for name in names]
    number, whole, scientific, ranged, plain = await lab.connect(*channels)
    assert isinstance(number, Description)
    assert (number.units, number.precision, number.limits, number.writable) == ("mm", 3, Limits(-50, 50), True)
    assert (number.alarm, number.warning) == (None, None)
    assert isinstance(whole, Description)
    assert (whole.units, whole.precision) == ("s", 0)
    assert isinstance(scientific, Description)
    assert (scientific.units, scientific.precision) == (None, None)
    assert isinstance(ranged, Description)
    assert (ranged.limits, ranged.alarm, ranged.warning) == (Limits(-100, 100), Limits(-50, 50), Limits(-40, 40))
    assert isinstance(plain, Description)
    assert (plain.limits, plain.writable) == (None, False)
    assert isinstance((await lab.connect(lab.channel("whole", INT)))[0], Description)  # no decimal places: whole


@pytest.mark.parametrize(
    ("name", "severity", "text"),
    [("number", 0, ""), ("changing", 0, "quality CHANGING"), ("warned", 1, "quality WARNING"),
     ("alarmed", 2, "quality ALARM")],
)  # fmt: skip
async def test_quality_is_a_severity_with_its_name(lab: TangoLab, name: str, severity: int, text: str) -> None:
    channel = await lab.connected(name, FLOAT)
    (reading,) = await lab.read(channel)
    assert isinstance(reading, Reading)
    assert (reading.alarm_severity, reading.message) == (severity, text)


async def test_a_value_outside_its_alarm_range_has_that_severity(lab: TangoLab) -> None:
    channel = await lab.connected("guarded_range", FLOAT)
    for value, severity in ((0.0, 0), (45.0, 1), (60.0, 2), (0.0, 0)):
        assert await lab.put(channel, value) is None
        (reading,) = await lab.read(channel)
        assert isinstance(reading, Reading)
        assert reading.alarm_severity == severity


async def test_no_value_is_an_error_and_says_why(lab: TangoLab) -> None:
    invalid, raising, number = (lab.channel(name, FLOAT) for name in ("invalid", "raising", "number"))
    await lab.connect(invalid, raising, number)
    first, second, third = await lab.read(invalid, raising, number)
    assert isinstance(first, ReadError)
    assert "INVALID" in first.problem
    assert isinstance(second, ReadError)
    assert "the sensor is not connected" in second.problem
    assert "\n" not in str(second)
    assert isinstance(third, Reading)


async def test_the_setpoint_is_what_was_written_last(lab: TangoLab) -> None:
    channel = await lab.connected("number", FLOAT)
    assert await lab.put(channel, 2.5) is None
    lab.set("number", 2.4)
    assert await lab.value(channel) == 2.4
    assert await lab.setpoint(channel) == 2.5
    assert await lab.put(channel, 1.5) is None
    sensor = await lab.connected("raising", FLOAT)
    with pytest.raises(ReadError):
        await lab.setpoint(sensor)


@pytest.mark.parametrize(
    ("name", "dtype", "other"), [("text", TEXT, "a"), ("words", replace(TEXT, shape=(None,)), ["c", "d"])]
)
async def test_a_text_that_nobody_has_written_was_told_to_be_what_it_is(
    lab: TangoLab, name: str, dtype: Datatype, other: Any
) -> None:
    """Tango says `Not initialised` of it."""
    channel = await lab.connected(name, dtype)
    assert await lab.setpoint(channel) == await lab.value(channel)
    assert await lab.put(channel, other) is None
    assert await lab.setpoint(channel) == other


async def test_a_write_only_attribute(lab: TangoLab) -> None:
    channel = await lab.connected("write_only", FLOAT)
    assert await lab.put(channel, 3.5) is None
    assert lab.server.get("write_only") == 3.5


BAD: list[tuple[str, Any, Any]] = [
    ("uchar_scalar", INT, 256),
    ("uchar_scalar", INT, -1),
    ("ulong64_scalar", INT, 2**64),
    ("bool_scalar", Datatype("bool"), 2),
    ("state_scalar", ENUM, "RUNING"),
    ("state_scalar", ENUM, 1),
    ("encoded", Datatype("uint8", (None,)), [256]),
]


@pytest.mark.parametrize(("name", "datatype", "value"), BAD, ids=str)
async def test_what_does_not_fit_is_not_sent(lab: TangoLab, name: str, datatype: Any, value: Any) -> None:
    channel = await lab.connected(name, datatype)
    before = lab.server.get(name) if not name.startswith("state") and name != "encoded" else None
    assert isinstance(await lab.put(channel, value), BadValueError)
    assert before is None or lab.server.get(name) == before
