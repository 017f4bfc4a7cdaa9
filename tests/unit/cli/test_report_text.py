"""The report of `connect`: a line for each device, its problems grouped by cause."""

from dataclasses import replace
from pathlib import Path

import pytest

from ophyd_decl.cli.report_text import report_json, report_text
from ophyd_decl.session.report import DeviceReport, Problem, Report

ABSENT = Problem(
    "error", "E610", "nothing answers to this name", "pdet.a", "ca://DET:A", "", None, None, "is the server running?",
    "types.yaml", 4, 7,
)  # fmt: skip
UNITS = Problem(
    "error", "E623", "units differ", "stage.x", "ca://X", "ioc1:5064", "mm", "um", "mend `units:`", "types.yaml", 9, 3
)


@pytest.fixture
def report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Report:
    monkeypatch.chdir(tmp_path)
    place = (str(tmp_path / "beamline.yaml"), 3, 3)
    stage = DeviceReport("stage", "i22.stage", *place, "mismatch", True, 14, 14, 0.1, (UNITS,))
    problems = tuple(replace(ABSENT, signal=f"pdet.{n}") for n in range(5))
    pdet = DeviceReport("pdet", "i22.point_detector", *place, "absent", False, 5, 0, 5.0, problems)
    i0 = DeviceReport("i0", "signal", *place, "connected", True, 1, 1, 0.1, ())
    return Report("i22", None, 5.02, [stage, pdet, i0])


def test_the_report_names_each_cause_once(report: Report) -> None:
    assert (
        report_text(report)
        == """\
mismatch   stage  i22.stage           14/14            beamline.yaml:3:3
  error[E623]: units differ: the file says mm, the server um
    stage.x (ca://X) on ioc1:5064  types.yaml:9:3
    = help: mend `units:`
absent     pdet   i22.point_detector  0/5    optional  beamline.yaml:3:3
  error[E610]: nothing answers to this name
    pdet.0 (ca://DET:A)  types.yaml:4:7
    pdet.1 (ca://DET:A)  types.yaml:4:7
    pdet.2 (ca://DET:A)  types.yaml:4:7
    and 2 more
    = help: is the server running?
connected  i0     signal              1/1
i22: 15 of 20 signals connected in 5.02 s; 1 required device not usable: stage"""
    )


def test_files_in_json_are_relative(report: Report) -> None:
    devices = report_json(report)["devices"]
    assert devices[0]["file"] == "beamline.yaml"
    assert devices[0]["problems"][0]["file"] == "types.yaml"


def test_color_only_on_request(report: Report) -> None:
    assert "\x1b[31mabsent" in report_text(report, color=True)
    assert "\x1b" not in report_text(report)


def test_no_device_is_no_trouble() -> None:
    assert report_text(Report("empty", None, 0.0, [])).startswith("empty: 0 of 0 signals")
