"""Texts of a server that are not UTF-8, such as a unit that was typed in Latin-1: the same over both protocols."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline
from ophyd_decl.errors import MismatchError, SignalError
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

RECORDS = b"""
record(ao, "$(P)length") { field(VAL, "1.5") field(PINI, "YES") field(EGU, "\xb5m") }
record(waveform, "$(P)lengths") { field(FTVL, "DOUBLE") field(NELM, "4") field(EGU, "\xb5m") }
record(ao, "$(P)utf8") { field(VAL, "1.5") field(PINI, "YES") field(EGU, "\xc2\xb5m") }
record(mbbo, "$(P)range") { field(ZRST, "1 \xb5m") field(ONST, "1 mm") field(ONVL, "1") field(PINI, "YES") }
record(mbbo, "$(P)later") { field(ZRST, "1 um") field(ONST, "1 mm") field(ONVL, "1") field(PINI, "YES") }
record(stringout, "$(P)rename") { field(VAL, "1 \xb5m") field(OUT, "$(P)later.ZRST") }
"""
FILE = """\
api: ophyd_decl/v1
kind: beamline
name: latin
defaults: {protocol: PROTOCOL}
devices:
  length: {type: signal, pv: "T:length", dtype: float, units: µm, access: rw}
  lengths: {type: signal, pv: "T:lengths", dtype: float64, shape: [null], units: µm, access: rw}
  utf8: {type: signal, pv: "T:utf8", dtype: float, units: µm}
  range: {type: signal, pv: "T:range", dtype: enum, connect: optional}
  later: {type: signal, pv: "T:later", dtype: enum}
"""
SAID = r"b'1 \xb5m', which is not UTF-8; make it UTF-8 or ASCII on the server"


@pytest.fixture
def ioc(ioc_factory: IocFactory, tmp_path: Path) -> Ioc:
    records = tmp_path / "latin.db"
    records.write_bytes(RECORDS)
    return ioc_factory(records)


@pytest.fixture
def bl(epics_protocol: str, ioc: Ioc, tmp_path: Path) -> Iterator[Any]:
    file = tmp_path / "beamline.yaml"
    file.write_text(FILE.replace("PROTOCOL", epics_protocol).replace("T:", ioc.prefix), encoding="utf-8")
    beamline = load_beamline(file)
    beamline.connect(timeout=5).or_raise()
    yield beamline
    beamline.close()


def test_a_unit_is_read_whatever_it_was_typed_in(bl: Any) -> None:
    for name, value in (("length", 2.5), ("lengths", [1.0, 2.0]), ("utf8", None)):
        key = bl[name]._context.binding.run(bl[name].describe, "describe", "")[name]
        assert key["units"] == "µm"
        if value is not None:
            bl[name].put(value)
            assert bl[name].get() == pytest.approx(value)


def test_a_label_is_read_or_the_error_says_what_to_do(bl: Any, epics_protocol: str) -> None:
    if epics_protocol == "ca":
        assert bl.range.get() == "1 µm"
        return
    with pytest.raises(MismatchError) as caught:
        bl.range.get()
    assert SAID in str(caught.value)


def test_a_label_that_is_changed_meanwhile(bl: Any, ioc: Ioc, epics_protocol: str) -> None:
    assert bl.later.get() == "1 um"
    ioc.put("rename.PROC", 1)
    wanted = "1 µm" if epics_protocol == "ca" else SAID
    deadline = time.monotonic() + 20
    while wanted not in (found := outcome(bl.later)):
        assert time.monotonic() < deadline, found


def outcome(signal: Any) -> str:
    try:
        return signal.get()
    except SignalError as error:
        return str(error)
