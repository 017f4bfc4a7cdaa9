"""Limits hold for each element of an array: those of the file and those of the server, on a real IOC."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from bluesky import RunEngine

from ophyd_decl import load_beamline
from ophyd_decl.errors import BadValueError, DefinitionError, LimitError
from ophyd_decl.plans import restore_settings, save_settings
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = """
record(waveform, "$(P)free") { field(FTVL, "DOUBLE") field(NELM, "8") field(EGU, "mm") }
record(waveform, "$(P)whole") { field(FTVL, "LONG") field(NELM, "8") }
record(waveform, "$(P)held") { field(FTVL, "DOUBLE") field(NELM, "8") field(LOPR, "-5") field(HOPR, "5") }
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: limits
use: [types.yaml]
defaults: {protocol: PROTOCOL}
devices:
  file: {type: signal, pv: "T:free", dtype: float64, shape: [null], units: mm, access: rw, limits: [0, 10]}
  open: {type: signal, pv: "T:free", dtype: float64, shape: [null], access: rw, limits: [null, 10]}
  whole: {type: signal, pv: "T:whole", dtype: int32, shape: [null], access: rw, limits: [0, 10]}
  server: {type: signal, pv: "T:held", dtype: float64, shape: [null], access: rw}
  both: {type: signal, pv: "T:held", dtype: float64, shape: [null], access: rw, limits: [0, 10]}
  box: {type: lab.box, prefix: "T:"}
"""
TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: lab
types:
  box:
    params: {prefix: {type: str}}
    signals:
      plain: {suffix: free, dtype: float64, shape: [null], access: rw}
    derived:
      doubled:
        dtype: float64
        shape: [null]
        units: mm
        limits: [0, 10]
        inputs: {x: plain}
        get: x * 2
        set: {plain: value / 2}
"""


@pytest.fixture(scope="module")
def ioc(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(RECORDS)


@pytest.fixture(params=["ca", "pva"])
def bl(request: pytest.FixtureRequest, ioc: Ioc, tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", request.param).replace("T:", ioc.prefix))
    (tmp_path / "types.yaml").write_text(TYPES)
    beamline = load_beamline(tmp_path)
    beamline.connect(timeout=5).or_raise()
    yield beamline
    beamline.close()


OUTSIDE = [
    ("file", [1.0, 99.0, 100.0], "99.0 mm at index 1 is outside the limits [0, 10] mm of the file"),
    ("file", np.array([-0.5]), "-0.5 mm at index 0 is outside the limits [0, 10] mm of the file"),
    ("file", (1, float("nan")), "nan mm at index 1 is outside"),
    ("file", [1.0, float("inf")], "inf mm at index 1 is outside"),
    ("open", [-1e9, 10.5], "10.5 mm at index 1 is outside the limits [None, 10] mm of the file"),
    ("open", [float("nan")], "nan mm at index 0 is outside"),
    ("whole", np.array([1, 2, 11], np.int16), "11 at index 2 is outside the limits [0, 10] of the file"),
    ("server", [1.0, 2.0, 5.5], "5.5 at index 2 is outside the limits [-5.0, 5.0] of the server"),
    ("both", [7.0, 99.0], "7.0 at index 0 is outside the limits [0, 5.0] of the server"),
    ("both", [-1.0], "-1.0 at index 0 is outside the limits [0, 5.0] of the file"),
    ("box.doubled", np.array([1.0, 99.0]), "99.0 mm at index 1 is outside the limits [0, 10] mm of the file"),
]


@pytest.mark.parametrize(("name", "value", "words"), OUTSIDE)
def test_an_element_that_is_outside_is_named_and_nothing_is_sent(bl: Any, name: str, value: Any, words: str) -> None:
    signal = bl[name]
    target = bl.box.plain if name == "box.doubled" else signal
    target.put([1, 2])
    before = reading(target)
    with pytest.raises(LimitError) as caught:
        signal.put(value)
    assert words in str(caught.value)
    with pytest.raises(LimitError):
        signal.check_value(value)
    after = reading(target)
    assert after["value"].tolist() == [1, 2]
    assert after["timestamp"] == before["timestamp"], "the record was processed"


def test_what_is_inside_is_written_and_without_limits_everything(bl: Any) -> None:
    for name, value in (
        ("file", [0, 10]), ("open", [-1e300]), ("whole", [0, 10]), ("server", [-5, 5]), ("both", [0, 5]),
        ("box.plain", [1e300, -3]),
    ):  # fmt: skip
        bl[name].put(value)
        assert bl[name].get().tolist() == value
    bl.box.plain.put([float("nan")])
    assert np.isnan(bl.box.plain.get()).all()


@pytest.mark.parametrize("value", [[[1.0], [1.0, 2.0]], ["a"], [None], [[1.0]], "99"])
def test_what_is_no_array_of_numbers_is_refused_as_that(bl: Any, value: Any) -> None:
    with pytest.raises(BadValueError):
        bl.file.put(value)


def test_a_setting_that_is_outside_is_found_before_the_first_put(bl: Any, RE: RunEngine, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    bl.file.put([1.0, 2.0])
    RE(save_settings(str(file), bl.file))
    assert "[1.0, 2.0]" in file.read_text()
    file.write_text(file.read_text().replace("[1.0, 2.0]", "[1.0, 99.0]"))
    with pytest.raises(DefinitionError, match=r"99\.0 mm at index 1 is outside"):
        RE(restore_settings(str(file), bl.file))
    assert bl.file.get().tolist() == [1.0, 2.0]


def reading(signal: Any) -> Any:
    """Return a fresh reading."""
    return signal._context.binding.run(lambda: signal.read(cached=False), "read", "")[signal.name]
