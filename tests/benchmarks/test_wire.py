"""The benchmarks of EPICS and Tango run, and their tables say what they should. No time is judged here."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conformance.rivals import ophyd_async

from .processes import BenchmarkError, environment, run
from .programs.wire.tango_names import names_of, places
from .rounds import DOCUMENT, repeat
from .wire_table import LINES, MARKS, PROTOCOLS, TANGO_LINES, TANGO_MARKS, Line, Marks, Row, put_between, rows_of, show

ROOT = Path(__file__).parents[2]
SMALL = {
    "--monitors": "4", "--rate": "400", "--seconds": "0.2", "--calls": "40", "--points": "3", "--repeats": "1",
}  # fmt: skip


@dataclass(frozen=True)
class Case:
    """A benchmark, and what is expected of its table."""

    module: str
    size: tuple[str, str]
    protocols: tuple[str, ...]
    lines: Sequence[Line]
    marks: Marks
    said: str
    unbound: str
    #: what has no bound for a reason, and what is rarely more than nothing.
    reasoned: tuple[str, ...] = ()
    rare: tuple[str, ...] = ()


CASES = [
    Case(
        "wire", ("--records", "12"), PROTOCOLS, LINES, MARKS, "12 records", "monitors: updates delivered",
        tuple(line.what for line in LINES if line.because), ("positions of another point in that",),
    ),
    Case(
        "tango", ("--attributes", "40"), ("tango",), TANGO_LINES, TANGO_MARKS, "40 attributes of 10 devices",
        "events: delivered",
    ),
]  # fmt: skip


#: Those that run in every run of the tests; all run with `--soak`, which takes minutes.
FEW = ("connect", "put_one")


@pytest.mark.timeout(900)  # it may have to install the rivals
@pytest.mark.parametrize("only", [FEW, pytest.param((), marks=pytest.mark.soak)], ids=["few", "all"])
@pytest.mark.parametrize("case", CASES, ids=[case.module for case in CASES])
def test_it_runs_and_every_peer_has_every_figure(tmp_path: Path, case: Case, only: Sequence[str]) -> None:
    ophyd_async()
    document, figures = tmp_path / "document.md", tmp_path / "figures.json"
    document.write_text(f"before\n\n{case.marks[0]}\n\nof another day\n\n{case.marks[1]}\n\nbehind\n")
    done = subprocess.run(
        [
            sys.executable, "-m", f"tests.benchmarks.{case.module}", *case.size,
            *(word for option in SMALL.items() for word in option),
            "--into", str(document), "--json", str(figures), "--only", *only,
        ],
        cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=600, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = json.loads(figures.read_text())["rows"]
    assert [(row["protocol"], row["what"]) for row in rows] == [
        (protocol, line.what)
        for protocol in case.protocols
        for line in case.lines
        if not only or line.benchmark in only
    ]
    for row in rows:
        if row["what"] in case.rare:
            assert row["ours"] == 0  # never a position of another point
        else:
            assert row["ours"] > 0
            assert row["devices"] > 0
        assert (row["raw"] is None) is row["what"].startswith(("step scan", "the same", "positions"))
        assert (row["holds"] is None) is (row["what"] == case.unbound or row["what"] in case.reasoned)
    text = document.read_text()
    assert "of another day" not in text
    assert text.startswith("before\n")
    assert text.endswith("behind\n")
    assert text.count("| connect all ") == len(case.protocols)
    assert case.said in text
    assert "Medians of 1." in text
    assert sorted(path.name for path in tmp_path.iterdir()) == ["document.md", "figures.json"]


@pytest.mark.parametrize("marks", [MARKS, TANGO_MARKS])
def test_the_document_has_marks(marks: Marks) -> None:
    text = DOCUMENT.read_text()
    changed = put_between(text, "a table", marks)
    assert "a table" in changed
    for others in (MARKS, TANGO_MARKS):
        assert changed.count(others[0]) == text.count(others[0]) == 1


def test_a_document_without_marks_is_left_alone() -> None:
    with pytest.raises(ValueError, match="no marks"):
        put_between("text", "a table")


def rows(protocol: str, benchmark: str, raw: float, devices: float, ours: float, figure: str = "wall_s") -> list[Row]:
    library = {"ca": "aioca", "pva": "p4p"}[protocol]
    peers = {library: raw, "ophyd-async": devices, "ophyd_decl": ours}
    return rows_of({(protocol, benchmark, peer): {figure: value} for peer, value in peers.items()})


def only(found: list[Row], protocol: str, what: str) -> Row:
    (row,) = [row for row in found if (row.protocol, row.what) == (protocol, what)]
    return row


@pytest.mark.parametrize(("ours", "holds"), [(0.049, True), (0.051, False)])
def test_a_read_of_all_over_channel_access_takes_half_of_the_time_of_the_library(ours: float, holds: bool) -> None:
    row = only(rows("ca", "read_all", 0.1, 0.2, ours), "ca", "read all")
    assert row.bound == "≤ 0.5 × aioca, ≤ ophyd-async"
    assert row.over_raw == pytest.approx(ours / 0.1)
    assert row.holds is holds


@pytest.mark.parametrize(("ours", "holds"), [(0.19, True), (0.21, False)])
def test_nothing_is_slower_than_ophyd_async(ours: float, holds: bool) -> None:
    row = only(rows("pva", "read_all", 0.1, 0.2, ours), "pva", "read all")
    assert row.bound == "≤ ophyd-async"
    assert row.over_devices == pytest.approx(ours / 0.2)
    assert row.holds is holds


@pytest.mark.parametrize(
    ("benchmark", "what", "times"), [("connect", "connect all", 2.0), ("read_all", "read half of all", 1.2)]
)
@pytest.mark.parametrize("holds", [True, False])
def test_tango_is_held_against_pytango(benchmark: str, what: str, times: float, holds: bool) -> None:
    ours = 0.1 * times * (0.99 if holds else 1.01)
    measured = {
        ("tango", benchmark, peer): {"wall_s": value}
        for peer, value in {"pytango": 0.1, "ophyd-async": 1.0, "ophyd_decl": ours}.items()
    }
    row = only(rows_of(measured, ["tango"], TANGO_LINES), "tango", what)
    assert row.bound == f"≤ {times:g} × pytango, ≤ ophyd-async"
    assert row.holds is holds


def test_few_attributes_are_on_one_device_and_many_on_ten() -> None:
    assert places(3) == [(0, 0), (0, 1), (0, 2)]
    many = places(40)
    assert len(set(many)) == 40
    assert [sum(device == number for device, _ in many) for number in range(10)] == [4] * 10
    assert names_of("h:1/a/b/", 40)[-1] == "h:1/a/b/9/n3#dbase=no"


@pytest.mark.parametrize(("ours", "holds"), [(0.9, True), (1.1, False)])
def test_one_absent_signal_keeps_the_others_waiting_for_less_than_a_second(ours: float, holds: bool) -> None:
    row = only(rows("ca", "absent", 3.0, 3.0, ours), "ca", "one is absent: until the others can be read")
    assert row.holds is holds


def test_how_many_updates_are_delivered_has_no_bound() -> None:
    row = only(rows("ca", "monitor", 1.0, 1.0, 0.4, "delivered"), "ca", "monitors: updates delivered")
    assert (row.ours, row.unit, row.bound, row.holds) == (40.0, "%", "", None)


def test_the_table_says_where_a_bound_does_not_hold() -> None:
    lines = show(rows("ca", "read_all", 0.1, 0.2, 0.3)).splitlines()
    (line,) = [line for line in lines if line.startswith("| read all  ")][:1]
    assert [cell.strip() for cell in line.split("|")[1:-1]] == [
        "read all", "ms", "100", "200", "300", "3.00", "1.50", "≤ 0.5 × aioca, ≤ ophyd-async", "**no**",
    ]  # fmt: skip


def test_what_would_not_end_in_time_is_not_begun() -> None:
    begun: list[None] = []
    assert repeat(lambda: begun.append(None), 3, within_s=60.0) == 3
    assert repeat(lambda: begun.append(None), 3, within_s=0.0) == 1
    assert len(begun) == 4


def test_a_program_that_is_ready_is_told_what_it_waits_for(tmp_path: Path) -> None:
    program = "import json; print('READY', flush=True); print('RESULT', json.dumps({'told': float(input())}))"
    asked: list[None] = []
    figures = run([sys.executable, "-c", program], environment([tmp_path]), lambda: asked.append(None) or 5)
    assert figures.said == {"told": 5.0}
    assert len(asked) == 1


def test_a_program_that_ends_before_it_is_ready_is_shown(tmp_path: Path) -> None:
    asked: list[None] = []
    with pytest.raises(BenchmarkError, match="ended with 3"):
        run([sys.executable, "-c", "raise SystemExit(3)"], environment([tmp_path]), lambda: asked.append(None))
    assert asked == []
