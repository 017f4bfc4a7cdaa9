"""`verify: readback` on a real IOC: done means that just this value was taken, not one that is near it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bluesky import RunEngine

from ophyd_decl import load_beamline
from ophyd_decl.errors import NotTakenError, SettingsError
from ophyd_decl.plans import restore_settings, save_settings
from tests.servers.fixtures import IocFactory

RECORDS = """
record(longout, "$(P)whole") { field(VAL, "1") field(PINI, "YES") field(OUT, "$(P)whole_RBV PP") }
record(longout, "$(P)whole_RBV") { field(VAL, "1") field(PINI, "YES") field(DRVH, "2000000") field(DRVL, "-9") }
record(longout, "$(P)setting") { field(VAL, "1") field(PINI, "YES") field(FLNK, "$(P)setting:clamp") }
record(calcout, "$(P)setting:clamp") {
  field(INPA, "$(P)setting") field(CALC, "MIN(A,2000000)") field(OUT, "$(P)setting")
}
record(ao, "$(P)real") { field(VAL, "1") field(PINI, "YES") field(PREC, "1") field(OUT, "$(P)real_RBV PP") }
record(ao, "$(P)real_RBV") {
  field(VAL, "1") field(PINI, "YES") field(PREC, "1") field(DRVH, "2000000") field(DRVL, "-9")
}
record(waveform, "$(P)single") { field(FTVL, "FLOAT") field(NELM, "4") }
record(waveform, "$(P)narrow") { field(FTVL, "FLOAT") field(NELM, "4") field(FLNK, "$(P)wide") }
record(aai, "$(P)wide") { field(FTVL, "DOUBLE") field(NELM, "4") field(INP, "$(P)narrow") }
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: taken
defaults: {protocol: PROTOCOL}
devices:
  whole: {type: signal, pv: {read: "T:whole_RBV", write: "T:whole"}, dtype: int, access: rw, verify: readback}
  as_float: {type: signal, pv: {read: "T:whole_RBV", write: "T:whole"}, dtype: float, access: rw, verify: readback}
  setting: {type: signal, pv: "T:setting", dtype: int, access: rw}
  real: {type: signal, pv: {read: "T:real_RBV", write: "T:real"}, dtype: float, access: rw, verify: readback}
  single: {type: signal, pv: "T:single", dtype: float32, shape: [null], access: rw, verify: readback}
  wide:
    type: signal
    pv: {read: "T:wide", write: "T:narrow"}
    dtype: float64
    shape: [null]
    access: rw
    verify: readback
"""


@pytest.fixture(params=["ca", "pva"])
def bl(request: pytest.FixtureRequest, ioc_factory: IocFactory, tmp_path: Path) -> Iterator[Any]:
    ioc = ioc_factory(RECORDS)
    (tmp_path / "beamline.yaml").write_text(FILE.replace("PROTOCOL", request.param).replace("T:", ioc.prefix))
    beamline = load_beamline(tmp_path)
    beamline.connect(timeout=5).or_raise()
    yield beamline
    beamline.close()


@pytest.mark.parametrize(("name", "value"), [("whole", 2_000_001), ("as_float", 2_000_001.0), ("real", 2_000_001.0)])
def test_a_value_that_was_clamped_to_its_neighbour_was_not_taken(bl: Any, name: str, value: float) -> None:
    bl[name].put(2_000_000)
    with pytest.raises(NotTakenError, match=r"expected 2000001.*found 2000000"):
        bl[name].put(value)


def test_what_a_server_holds_is_taken_whatever_it_shows(bl: Any) -> None:
    bl.real.put(0.123456789012345)  # PREC is what is shown of it
    assert bl.real.get() == 0.123456789012345
    bl.single.put([0.1, 2_000_001.0, 1e-30])
    bl.wide.put([0.1, 1 / 3])  # written in single precision, read in double
    assert bl.wide.get().tolist() == pytest.approx([0.1, 1 / 3], rel=1e-6)
    assert bl.wide.get()[0] != 0.1


def test_a_setting_that_was_clamped_to_its_neighbour_was_not_restored(bl: Any, RE: RunEngine, tmp_path: Path) -> None:
    file = tmp_path / "settings.yaml"
    RE(save_settings(str(file), bl.setting))
    file.write_text(file.read_text().replace("value: 1,", "value: 2000001,"))
    with pytest.raises(SettingsError, match=r"setting: it was put, and is 2000000 now"):
        RE(restore_settings(str(file), bl.setting))
