"""What may stand for what: every rule of design 3, rule 4, without a server."""

from typing import Any

import numpy as np
import pytest

from ophyd_decl.connectors.values import Conversion, WireTraits, coerce_value, make_conversion, native_of, zero_value
from ophyd_decl.errors import BadValueError, ConversionError, MismatchError
from ophyd_decl.vocab.datatypes import NUMPY_WIDTHS, Choice, Datatype, NativeType

FLOAT64 = NativeType("float", "float64")
FLOAT32 = NativeType("float", "float32")
INT32 = NativeType("int", "int32")
UINT8 = NativeType("int", "uint8")
BOOL = NativeType("bool", "bool")
TEXT = NativeType("str")
TWO = NativeType("enum", choices=("Off", "On"))
THREE = NativeType("enum", choices=("Low", "High", "Off"))
FLOATS = NativeType("float", "float64", (8,))
CHARACTERS = NativeType("int", "uint8", (16,))
WHOLE = WireTraits(precision=0)


def conversion(datatype: Datatype | str, native: NativeType, traits: WireTraits | None = None) -> Conversion:
    made = make_conversion(
        Datatype(datatype) if isinstance(datatype, str) else datatype, native, traits or WireTraits()
    )
    assert isinstance(made, Conversion), made
    return made


def refusal(datatype: Datatype | str, native: NativeType, traits: WireTraits | None = None) -> MismatchError:
    made = make_conversion(
        Datatype(datatype) if isinstance(datatype, str) else datatype, native, traits or WireTraits()
    )
    assert isinstance(made, MismatchError)
    return made


@pytest.mark.parametrize(
    ("datatype", "native", "raw", "value"),
    [
        ("bool", BOOL, True, True),
        ("bool", TWO, 1, True),
        ("bool", UINT8, 0, False),
        ("bool", INT32, 5, True),
        ("int", INT32, 7, 7),
        ("int", UINT8, 7, 7),
        ("float", FLOAT64, 1.5, 1.5),
        ("float", INT32, 3, 3.0),
        ("str", TEXT, "x", "x"),
        ("str", THREE, 2, "Off"),
        ("str", CHARACTERS, np.frombuffer(b"hello\0rest", np.uint8), "hello"),
        ("enum", THREE, 1, "High"),
        ("float32", FLOAT32, 1.5, 1.5),
        ("float64", FLOAT32, 1.5, 1.5),
        ("float64", INT32, 3, 3.0),
        ("int64", INT32, 3, 3),
        ("int16", UINT8, 200, 200),
        ("any", FLOAT64, 1.5, 1.5),
        ("any", INT32, 3, 3),
        ("any", BOOL, True, True),
        ("any", TEXT, "x", "x"),
        ("any", TWO, 0, "Off"),
    ],
)
def test_what_fits(datatype: str, native: NativeType, raw: Any, value: Any) -> None:
    made = conversion(datatype, native)
    result = made.to_python(raw)
    assert result == value
    assert type(result) is type(value)
    back = made.to_native(result)
    assert made.to_python(back) == result


@pytest.mark.parametrize(
    ("datatype", "native"),
    [
        ("bool", THREE),
        ("bool", FLOAT64),
        ("bool", TEXT),
        ("int", FLOAT64),
        ("int", TWO),
        ("int", BOOL),
        ("int", TEXT),
        ("float", TWO),
        ("float", BOOL),
        ("float", TEXT),
        ("float", FLOATS),
        ("str", FLOAT64),
        ("str", INT32),
        ("str", FLOATS),
        ("enum", INT32),
        ("enum", BOOL),
        ("enum", TEXT),
        ("float32", FLOAT64),
        ("int16", INT32),
        ("uint32", INT32),
        ("int32", FLOAT64),
        ("int8", UINT8),
        ("any", NativeType("unknown", detail="odd")),
        ("float", NativeType("unknown", detail="odd")),
        ("table", FLOAT64),
        ("float", NativeType("table", columns=(("a", "float64"),))),
    ],
)
def test_what_does_not_fit_names_both_sides(datatype: str, native: NativeType) -> None:
    error = refusal(datatype, native)
    assert error.expected == datatype
    assert error.found == str(native)
    assert str(native) in str(error)


def test_int_from_a_float_that_shows_no_decimal_places() -> None:
    made = conversion("int", FLOAT64, WHOLE)
    assert made.to_python(3.0) == 3
    assert isinstance(made.to_python(3.0), int)
    assert made.to_native(3) == 3.0
    for raw in (3.5, 2.0**53 + 2, float("nan"), float("inf")):
        with pytest.raises(ConversionError):
            made.to_python(raw)
    with pytest.raises(BadValueError):
        made.to_native(2**53 + 1)
    assert "precision is 3" in str(refusal("int", FLOAT64, WireTraits(precision=3)))


def test_widths_that_a_protocol_carries_as_others() -> None:
    carried = WireTraits(carried={"uint16": "int32", "int8": "uint8", "uint32": "float64"})
    assert conversion("uint16", INT32, carried).to_python(65535) == 65535
    with pytest.raises(ConversionError):
        conversion("uint16", INT32, carried).to_python(-1)
    with pytest.raises(BadValueError):
        conversion("uint16", INT32, carried).to_native(65536)
    assert conversion("int8", UINT8, carried).to_python(254) == -2
    assert conversion("int8", UINT8, carried).to_native(-2) == 254
    assert conversion("uint32", FLOAT64, carried).to_python(4e9) == 4_000_000_000


def test_arrays_that_a_protocol_carries_as_others() -> None:
    carried = WireTraits(carried={"uint16": "int32", "int8": "uint8"})
    words = conversion(Datatype("uint16", (None,)), NativeType("int", "int32", (4,)), carried)
    read = words.to_python(np.array([1, 65535], np.int32))
    assert (read.dtype, read.tolist()) == (np.uint16, [1, 65535])
    assert words.to_native([1, 65535]).dtype == np.int32
    with pytest.raises(ConversionError):
        words.to_python(np.array([-1], np.int32))
    octets = conversion(Datatype("int8", (None,)), NativeType("int", "uint8", (4,)), carried)
    assert octets.to_python(np.array([254], np.uint8)).tolist() == [-2]
    assert octets.to_native([-2]).tolist() == [254]


@pytest.mark.parametrize("name", NUMPY_WIDTHS)
def test_every_width_as_an_array(name: str) -> None:
    kind = "float" if name.startswith("float") else "int"
    made = conversion(Datatype(name, (None,)), NativeType(kind, name, (None,)))  # type: ignore[arg-type]
    assert made.dtype_numpy == NUMPY_WIDTHS[name]
    assert made.to_native([1, 2, 3]).dtype == name
    assert made.to_native([]).dtype == name
    with pytest.raises(BadValueError):
        made.to_native([10**400])
    if kind == "int":
        with pytest.raises(BadValueError):
            made.to_native([0.5])
        with pytest.raises(BadValueError):
            made.to_native([2**70])


def test_sizes_of_arrays() -> None:
    fixed = conversion(Datatype("float64", (3,)), FLOATS)
    assert fixed.to_python(np.zeros(3)).shape == (3,)
    for size in (2, 4):
        with pytest.raises(ConversionError):
            fixed.to_python(np.zeros(size))
        with pytest.raises(BadValueError):
            fixed.to_native(np.zeros(size))
    with pytest.raises(BadValueError):
        conversion(Datatype("float64", (None,)), FLOATS).to_native(np.zeros(9))
    assert "at most 8" in str(refusal(Datatype("float64", (9,)), FLOATS))
    assert "2 dimensions" in str(refusal(Datatype("float64", (None, None)), FLOATS))
    assert "scalar" in str(refusal(Datatype("float64", (None,)), FLOAT64))
    assert "shape: [null]" in str(refusal("float", FLOATS))


def test_an_array_of_the_declared_dtype_is_not_copied() -> None:
    array = np.zeros(3)
    assert conversion(Datatype("float64", (None,)), FLOATS).to_python(array) is array


def test_arrays_of_text() -> None:
    made = conversion(Datatype("str", (None,)), NativeType("str", shape=(2,)), WireTraits(text_bytes=3))
    assert made.to_python(["a", "b"]) == ["a", "b"]
    assert made.to_native(("a", "b")) == ["a", "b"]
    for bad in ("ab", ["a", "b", "c"], [1], ["long"], 5):
        with pytest.raises(BadValueError):
            made.to_native(bad)


@pytest.mark.parametrize("value", [True, False, 1, 0, np.bool_(True), np.int32(1)])
def test_what_a_bool_may_be_set_to(value: Any) -> None:
    assert conversion("bool", TWO).to_native(value) == int(value)


@pytest.mark.parametrize("value", ["False", "On", 2, 0.5, None, [True]])
def test_what_a_bool_may_not_be_set_to(value: Any) -> None:
    with pytest.raises(BadValueError):
        conversion("bool", TWO).to_native(value)


@pytest.mark.parametrize("value", [1.5, 2, np.float32(1.5), np.int8(2), np.array(1.5), float("inf")])
def test_what_a_float_may_be_set_to(value: Any) -> None:
    assert conversion("float", FLOAT64).to_native(value) == value


@pytest.mark.parametrize("value", ["1.5", float("nan"), True, None, [1.5], np.zeros(1), 1j, 10**400])
def test_what_a_float_may_not_be_set_to(value: Any) -> None:
    with pytest.raises(BadValueError):
        conversion("float", FLOAT64).to_native(value)


def test_a_float_for_a_narrower_server() -> None:
    assert conversion("float", INT32).to_native(3.0) == 3
    for bad in (3.5, 2.0**31):
        with pytest.raises(BadValueError):
            conversion("float", INT32).to_native(bad)
    with pytest.raises(BadValueError):
        conversion("float", FLOAT32).to_native(1e39)


@pytest.mark.parametrize("value", [2.5, "3", None, 2**31, -(2**31) - 1, float("nan"), [1]])
def test_what_an_int_may_not_be_set_to(value: Any) -> None:
    with pytest.raises(BadValueError):
        conversion("int", INT32).to_native(value)


def test_text_that_is_too_long_or_would_be_cut_off() -> None:
    made = conversion("str", TEXT, WireTraits(text_bytes=39))
    assert made.to_native("x" * 39) == "x" * 39
    for bad in ("x" * 40, "é" * 20, "a\0b", 5, b"x", None):
        with pytest.raises(BadValueError):
            made.to_native(bad)
    characters = conversion("str", CHARACTERS)
    assert characters.to_native("é" * 7).tobytes() == "é".encode() * 7 + b"\0"
    with pytest.raises(BadValueError):
        characters.to_native("x" * 16)


def declared(*choices: str | tuple[str, ...], match: Any = "exact") -> Datatype:
    made = tuple(Choice(c, (c,)) if isinstance(c, str) else Choice(c[0], c[1:]) for c in choices)
    return Datatype("enum", choices=made, match=match)


class TestLabels:
    def test_exact(self) -> None:
        assert conversion(declared("Low", "High", "Off"), THREE).choices == ("Low", "High", "Off")
        assert "order" in str(refusal(declared("High", "Low", "Off"), THREE))
        assert "subset" in str(refusal(declared("Low", "High"), THREE))
        assert "superset" in str(refusal(declared("Low", "High", "Off", "More"), THREE))
        assert "'Low', 'High', 'Off'" in str(refusal(declared("a", "b", "c"), THREE))

    def test_a_label_used_here_for_labels_of_servers(self) -> None:
        made = conversion(
            declared(("shut", "Closed", "CLOSED"), ("open", "Open")), NativeType("enum", choices=("CLOSED", "Open"))
        )
        assert [made.to_python(index) for index in (0, 1)] == ["shut", "open"]
        assert made.to_native("shut") == 0
        with pytest.raises(BadValueError):
            made.to_native("CLOSED")

    def test_subset(self) -> None:
        made = conversion(declared("Off", "Low", match="subset"), THREE)
        assert made.choices == ("Off", "Low")
        assert [made.to_python(index) for index in range(3)] == ["Low", "High", "Off"]
        assert made.to_native("Off") == 2
        with pytest.raises(BadValueError):
            made.to_native("High")
        assert "'Nix'" in str(refusal(declared("Nix", match="subset"), THREE))

    def test_superset(self) -> None:
        made = conversion(declared("Off", "More", "High", "Low", match="superset"), THREE)
        assert made.to_native("High") == 1
        with pytest.raises(BadValueError):
            made.to_native("More")
        assert "'Off'" in str(refusal(declared("High", "Low", match="superset"), THREE))

    def test_labels_that_are_repeated_or_empty(self) -> None:
        native = NativeType("enum", choices=("a", "b", "a", "", "c"))
        made = conversion("enum", native)
        assert [made.to_python(index) for index in range(6)] == ["#0", "b", "#2", "#3", "c", "#5"]
        assert made.choices == ("#0", "b", "#2", "#3", "c")
        assert made.to_native("c") == 4
        for bad in ("#0", "#3", "a", "", 1, None):
            with pytest.raises(BadValueError):
                made.to_native(bad)
        assert conversion(declared("#0", "b", "#2", "#3", "c"), native).to_python(2) == "#2"

    def test_never_by_position(self) -> None:
        for value in (0, 1, True, np.int32(1), 1.0):
            with pytest.raises(BadValueError):
                conversion("enum", THREE).to_native(value)

    def test_labels_of_a_text(self) -> None:
        made = conversion(declared("a", ("b", "B")), TEXT)
        assert made.to_python("B") == "b"
        assert made.to_native("b") == "B"
        with pytest.raises(ConversionError):
            made.to_python("c")
        with pytest.raises(BadValueError):
            made.to_native("c")
        assert conversion(declared("a", match="subset"), TEXT).to_python("c") == "c"


class TestTables:
    NATIVE = NativeType("table", columns=(("x", "float64"), ("name", "str")))

    def test_columns(self) -> None:
        for datatype in (Datatype("table", columns=(("x", "float64"), ("name", "str"))), Datatype("any")):
            made = conversion(datatype, self.NATIVE)
            assert made.dtype_numpy == [["x", "<f8"], ["name", "|S40"]]
            table = made.to_python({"x": np.array([1.0]), "name": ["a"]})
            assert table["x"].tolist() == [1.0]
            assert made.to_native({"x": [1.0, 2.0], "name": ["a", "b"]})["name"] == ["a", "b"]

    @pytest.mark.parametrize(
        "value",
        [None, {}, {"x": [1.0]}, {"x": [1.0], "name": []}, {"name": ["a"], "x": [1.0]}, {"x": ["a"], "name": ["a"]}],
    )
    def test_bad_tables(self, value: Any) -> None:
        with pytest.raises(BadValueError):
            conversion(Datatype("table", columns=(("x", "float64"), ("name", "str"))), self.NATIVE).to_native(value)

    def test_other_columns(self) -> None:
        assert "y: float64" in str(refusal(Datatype("table", columns=(("y", "float64"),)), self.NATIVE))
        wrong = Datatype("table", columns=(("x", "int32"), ("name", "str")))
        assert "column `x`" in str(refusal(wrong, self.NATIVE))


@pytest.mark.parametrize(
    ("datatype", "zero"),
    [
        (Datatype("bool"), False),
        (Datatype("int"), 0),
        (Datatype("float"), 0.0),
        (Datatype("str"), ""),
        (Datatype("any"), 0.0),
        (declared("Low", "High"), "Low"),
        (Datatype("enum"), ""),
        (Datatype("uint8"), 0),
        (Datatype("float32"), 0.0),
        (Datatype("str", (None,)), []),
    ],
    ids=str,
)
def test_zero_values(datatype: Datatype, zero: Any) -> None:
    assert zero_value(datatype) == zero
    assert type(zero_value(datatype)) is type(zero)
    assert coerce_value(datatype, zero) == zero


def test_zero_values_of_arrays() -> None:
    assert zero_value(Datatype("float64", (None, 3))).shape == (0, 3)
    assert zero_value(Datatype("int16", (4,))).tolist() == [0] * 4
    table = zero_value(Datatype("table", columns=(("a", "int8"), ("b", "str"))))
    assert (table["a"].dtype, table["b"]) == (np.int8, [])


def test_coercion_is_as_strict_as_a_server_of_that_type() -> None:
    assert coerce_value(Datatype("float"), 1) == 1.0
    assert coerce_value(Datatype("int8"), 5.0) == 5
    assert coerce_value(Datatype("enum"), "free") == "free"
    assert coerce_value(Datatype("any"), [1, 2]).tolist() == [1, 2]
    assert coerce_value(Datatype("any"), ["a"]) == ["a"]
    for datatype, bad in (
        (Datatype("int8"), 128),
        (Datatype("int"), 1.5),
        (declared("a"), "b"),
        (Datatype("any"), None),
    ):
        with pytest.raises(BadValueError):
            coerce_value(datatype, bad)


def test_a_stand_in_serves_what_is_declared() -> None:
    assert native_of(declared(("a", "A"), "b")).choices == ("A", "b")
    assert native_of(Datatype("float32", (2, None))).shape == (2, None)
