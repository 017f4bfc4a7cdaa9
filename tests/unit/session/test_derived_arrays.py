"""Derived signals with a shape: arrays are computed as the file declares them, or not at all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bluesky.plans import count
from bluesky.run_engine import RunEngine
from event_model import DocumentNames, schema_validators

from ophyd_decl import load_beamline
from ophyd_decl.errors import MoveError, ReadError

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: waves
devices:
  scope:
    type: group
    signals:
      wave: {soft: [1, 2, 4], dtype: float64, shape: [null], access: rw}
      bytes: {soft: [100, 200], dtype: uint8, shape: [null], access: rw}
      long: {soft: [9007199254740993], dtype: int64, shape: [null]}
      names: {soft: [a, b], dtype: str, shape: [null]}
    derived:
"""
DERIVED = """\
      part: {dtype: float64, shape: [3], units: V, precision: 2, format: read, inputs: {w: wave}, get: w / max(w)}
      whole: {dtype: uint8, shape: [null], format: config, inputs: {w: wave}, get: 2 * w}
      words: {dtype: str, shape: [null], format: read, inputs: {n: names}, get: n}
      highest: {dtype: float, format: read, inputs: {w: wave}, get: max(w)}
"""


def load(folder: Path, derived: str) -> Any:
    (folder / "beamline.yaml").write_text(BEAMLINE + derived)
    return load_beamline(folder / "beamline.yaml")


async def out(folder: Path, keys: str) -> Any:
    """Return the derived signal with these keys, connected."""
    beamline = load(folder, f"      out: {{{keys}}}\n")
    (await beamline.aconnect()).or_raise()
    return beamline.scope.out


def test_they_are_in_the_documents_of_a_run(tmp_path: Path, run_engine_factory: Callable[..., RunEngine]) -> None:
    engine = run_engine_factory()
    beamline = load(tmp_path, DERIVED)
    beamline.connect().or_raise()
    documents: dict[str, Any] = {}

    def check(name: str, document: dict[str, Any]) -> None:
        schema_validators[DocumentNames[name]].validate(document)
        documents[name] = document

    try:
        engine(count([beamline.scope]), check)
    finally:
        beamline.close()
    keys, data = documents["descriptor"]["data_keys"], documents["event"]["data"]
    told = [keys["scope-part"][name] for name in ("dtype", "shape", "dtype_numpy", "units", "precision")]
    assert told == ["array", [3], "<f8", "V", 2]
    assert data["scope-part"].tolist() == [0.25, 0.5, 1.0]
    assert [keys["scope-words"][name] for name in ("dtype", "shape", "dtype_numpy")] == ["array", [2], "|S40"]
    assert data["scope-words"] == ["a", "b"]
    assert (keys["scope-highest"]["dtype"], data["scope-highest"]) == ("number", 4.0)
    configuration = documents["descriptor"]["configuration"]["scope"]
    assert [configuration["data_keys"]["scope-whole"][name] for name in ("shape", "dtype_numpy")] == [[3], "|u1"]
    assert configuration["data"]["scope-whole"].tolist() == [2, 4, 8]
    assert configuration["data"]["scope-whole"].dtype == np.uint8


@pytest.mark.parametrize(
    ("keys", "values"),
    [
        ('dtype: int64, shape: [null], inputs: {b: bytes}, get: "2 * b"', [200, 400]),  # 144 in uint8
        ("dtype: int32, shape: [2], inputs: {b: bytes}, get: b - 150", [-50, 50]),
        ("dtype: float32, shape: [3], inputs: {w: wave}, get: sqrt(w)", [1, np.float32(2**0.5), 2]),
        ("dtype: int16, shape: [3], inputs: {w: wave}, get: round(w / 4)", [0, 0, 1]),
        ("dtype: int16, shape: [3], inputs: {w: wave}, get: w * 0.75", [1, 2, 3]),
        ("dtype: float64, shape: [3], inputs: {w: wave}, get: abs(w - 3)", [2, 1, 1]),
    ],
)
async def test_what_is_computed_is_right(tmp_path: Path, keys: str, values: list[float]) -> None:
    assert (await (await out(tmp_path, keys)).get_value()).tolist() == values


@pytest.mark.parametrize(
    ("keys", "problem"),
    [
        ("dtype: float64, shape: [4], inputs: {w: wave}, get: w", r"an array of shape \[3\], but float64\[4\]"),
        ("dtype: float64, shape: [null, null], inputs: {w: wave}, get: w", r"an array of shape \[3\], but"),
        ("dtype: float64, shape: [null], inputs: {w: wave}, get: max(w)", r"one value, but float64\[any\]"),
        ("dtype: float64, shape: [null], inputs: {w: wave, b: bytes}, get: w + b", "could not be broadcast"),
        ("dtype: float64, shape: [null], inputs: {n: names}, get: n", "no numbers"),
        ("dtype: str, shape: [null], inputs: {w: wave}, get: w", "no text"),
        ('dtype: uint8, shape: [null], inputs: {b: bytes}, get: "2 * b"', "an element does not fit uint8"),
        ("dtype: uint8, shape: [null], inputs: {w: wave}, get: w - 2", "an element does not fit uint8"),
        ("dtype: int64, shape: [null], inputs: {i: long}, get: i - 1", "not computed exactly"),
        ("dtype: int64, shape: [null], inputs: {w: wave}, get: w * 1e17", "not computed exactly"),
        ("dtype: int64, shape: [null], inputs: {w: wave}, get: w * 1e30", "an element does not fit int64"),
        ("dtype: float64, shape: [null], inputs: {w: wave}, get: 1 / (w - 2)", "divide by zero"),
        ("dtype: float64, shape: [null], inputs: {w: wave}, get: sqrt(w - 2)", "gives no value"),
        ("dtype: float, inputs: {w: wave}, get: w", "array"),
    ],
)
async def test_what_is_not_as_declared_is_one_error(tmp_path: Path, keys: str, problem: str) -> None:
    signal = await out(tmp_path, keys)
    with pytest.raises(ReadError, match=problem) as caught:
        await signal.read()
    assert str(caught.value).startswith("scope.out")
    assert "\n" not in str(caught.value)


async def test_a_set_computes_arrays_too(tmp_path: Path) -> None:
    keys = "dtype: float64, shape: [null], inputs: {b: bytes}, get: b / 2, set: {bytes: value * 2}"
    signal = await out(tmp_path, keys)
    await signal.set([1, 2.5, 3])
    assert (await signal.get_value()).tolist() == [1, 2.5, 3]
    with pytest.raises(MoveError, match="gives no target"):
        await signal.set(1.0)


async def test_a_value_of_another_shape_is_no_target_of_any_input(tmp_path: Path) -> None:
    keys = 'inputs: {b: bytes, w: wave}, get: b, set: {bytes: value, wave: "value * 2"}'
    signal = await out(tmp_path, f"dtype: float64, shape: [null], {keys}")
    await signal.set([1, 2])
    assert (await signal.inputs["w"].get_value()).tolist() == [2, 4]
    with pytest.raises(MoveError, match=r"1\.0 gives no target for scope\.bytes, scope\.wave: its value is one value"):
        await signal.set(1.0)
    signal = await out(tmp_path, f"dtype: float64, shape: [null], {keys.replace('value * 2', '1 / (value - 1)')}")
    with pytest.raises(MoveError, match=r"gives no target for scope\.wave: .*; nothing was moved"):
        await signal.set([1])
