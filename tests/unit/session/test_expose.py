"""Beamlines as modules, and devices that are pickled or copied."""

import copy
import gc
import importlib
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ophyd_decl import load_beamline, signal
from ophyd_decl.cli.report_text import report_text
from ophyd_decl.errors import DefinitionError
from ophyd_decl.session.beamline import Beamline
from ophyd_decl.vocab.names import BEAMLINE_MEMBERS

BEAMLINE = """\
api: ophyd_decl/v1
kind: beamline
name: lab
devices:
  i0: {type: signal, soft: 1.5, dtype: float, access: rw}
  sample:
    type: group
    signals:
      thickness: {soft: 1.0, dtype: float, units: mm, access: rw, format: config}
"""


def test_what_a_beamline_offers_is_no_name_of_a_device() -> None:
    assert {name for name in dir(Beamline) if not name.startswith("_")} <= BEAMLINE_MEMBERS


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    lab = tmp_path / "lab_of_a_test"
    lab.mkdir()
    (lab / "beamline.yaml").write_text(BEAMLINE)
    (lab / "__init__.py").write_text("from ophyd_decl import expose\nexpose(__name__)\n")
    return lab


@pytest.fixture
def module(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.syspath_prepend(str(folder.parent))
    made = importlib.import_module(folder.name)
    yield made
    made.beamline.close()


def test_devices_are_names_of_the_module(module: Any) -> None:
    assert module.sample is module.beamline.sample
    assert set(module.__all__) == {"i0", "sample", "beamline", "connect", "report", "provenance"}
    assert not module.report.devices[0].connected
    assert module.connect().ok
    assert module.report.ok
    assert module.i0.get() == 1.5
    with pytest.raises(AttributeError, match="beamline lab has no device `nope`; it has i0, sample"):
        _ = module.nope


def test_a_wrong_argument_is_shown_as_it_is_written_in_python(folder: Path) -> None:
    for arguments, shown in (
        ({"profile": "nope"}, "profile='nope'"),
        ({"set": {"devices.i0.soft": "[1"}}, "set={'devices.i0.soft': '[1'}"),
        ({"set": {"devices.i0.nope": [1]}}, "set={'devices.i0.nope': …}"),
    ):
        with pytest.raises(DefinitionError) as caught:
            load_beamline(folder, **arguments)
        assert f"\n  = in the call: {shown}\n" in str(caught.value)
        assert str(caught.value).endswith("\n1 error in the call")


def test_what_only_the_call_declares_is_told_at_what_was_given(folder: Path) -> None:
    given = "{type: signal, pv: X, dtype: float}"
    report = load_beamline(folder, set={"devices.more": given}).report
    place = f"--set devices.more={given}"
    assert f"[{place}]" in repr(report)
    assert place in report_text(report)
    assert ":1:1" not in repr(report) + report_text(report)
    assert str(signal("ca://X", name="more")._place) == "signal('more')"


def test_a_pickled_device_is_the_device(folder: Path) -> None:
    bl = load_beamline(folder)
    assert pickle.loads(pickle.dumps(bl.sample.thickness)) is bl.sample.thickness
    assert pickle.loads(pickle.dumps(bl.i0)) is bl.i0
    assert copy.deepcopy({"device": bl.sample})["device"] is bl.sample
    assert copy.copy(bl.sample) is bl.sample


def test_it_belongs_to_the_beamline_that_was_loaded_last(folder: Path) -> None:
    first = load_beamline(folder)
    data = pickle.dumps(first.sample)
    second = load_beamline(folder)
    assert pickle.loads(data) is second.sample
    assert copy.deepcopy(first.sample) is first.sample


def test_a_beamline_that_is_not_used_any_more_is_loaded_again(folder: Path) -> None:
    data = pickle.dumps(load_beamline(folder).sample)
    gc.collect()
    assert pickle.loads(data).path == "sample"
