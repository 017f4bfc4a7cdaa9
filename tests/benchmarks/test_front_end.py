"""The benchmark of the front end runs, and its table says what it should. No time is judged here."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.rivals import ophyd_async

from .processes import BenchmarkError, Figures, environment, median, run
from .table import GROWTH, Measured, Row, rows_of, show

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(600)  # it may have to install the rivals
def test_it_runs_and_its_table_has_all_rows(tmp_path: Path) -> None:
    ophyd_async()
    written = tmp_path / "figures.json"
    options = ["--sizes", "20,40", "--rival-sizes", "2", "--repeats", "1", "--json", str(written)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.benchmarks.front_end", *options],
        cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    rows = [(row["what"], row["devices"]) for row in json.loads(written.read_text())["rows"]]
    assert rows == [
        ("interpreter", 0),
        ("validate, an expression", 1),
        *((f"{program}, two keys", size) for program in ("validate", "C compose") for size in (1, 20, 40)),
        *(("compile, two keys", size) for size in (20, 40)),
        *((f"{program}, six keys", size) for program in ("validate", "C compose") for size in (1, 20, 40)),
        *(("compile, six keys", size) for size in (20, 40)),
        *(("load", size) for size in (1, 2, 20, 40)),
        *(("look up", size) for size in (20, 40)),
        *((rival, size) for rival in ("ophyd-async by hand", "guarneri", "happi") for size in (1, 2)),
        ("validate over C compose, two keys", 40),
        ("compile, two keys: cost per device over that at 20", 40),
        ("validate over C compose, six keys", 40),
        ("compile, six keys: cost per device over that at 20", 40),
        ("load: cost per device over that at 20", 40),
        ("look up: cost per path over that at 20", 40),
        ("naming: cost per signal over that at 20", 40),
        *((f"{rival}: cost per device over ours", 2) for rival in ("ophyd-async by hand", "guarneri", "happi")),
    ]
    for what, devices in rows:
        assert f"| {what} " in done.stdout
        assert f" {devices} |" in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == ["figures.json"]


def measured(what: str, devices: int, cpu_s: float, rss_mb: float = 20.0, **said: float) -> Measured:
    return Measured(what, devices, Figures(cpu_s, cpu_s, rss_mb, said))


def only(rows: list[Row], what: str, devices: int) -> Row:
    (row,) = [row for row in rows if (row.what, row.devices) == (what, devices)]
    return row


@pytest.mark.parametrize(("cpu_s", "holds"), [(0.149, True), (0.151, False)])
def test_a_bound_of_time_holds_or_not(cpu_s: float, holds: bool) -> None:
    row = only(rows_of([measured("validate, an expression", 1, cpu_s)]), "validate, an expression", 1)
    assert row.bound == "CPU < 150 ms"
    assert row.holds is holds


@pytest.mark.parametrize(("cpu_s", "rss_mb", "holds"), [(1.4, 249, True), (1.6, 249, False), (1.4, 251, False)])
def test_the_bounds_of_loading_hold_together(cpu_s: float, rss_mb: float, holds: bool) -> None:
    assert only(rows_of([measured("load", 5000, cpu_s, rss_mb)]), "load", 5000).holds is holds


def test_a_size_that_no_bound_names_has_none() -> None:
    assert only(rows_of([measured("load", 400, 9.0)]), "load", 400).bound is None


def test_the_cost_of_a_device_is_what_one_more_costs() -> None:
    rows = rows_of([measured("load", 1, 0.5), measured("load", 101, 0.6)])
    assert only(rows, "load", 101).us_per_device == pytest.approx(1000)


@pytest.mark.parametrize(("most", "holds"), [(39.0, True), (41.0, False)])
def test_a_cost_may_not_grow_to_twice_that_of_the_smallest_size(most: float, holds: bool) -> None:
    sizes = ((500, 20.0), (1000, 90.0), (5000, most))
    rows = rows_of(
        [
            *(measured("compile, two keys", size, 1.0, compile_us=cost) for size, cost in sizes),
            *(measured(f"{program}, two keys", 5000, 1.0) for program in ("validate", "C compose")),
        ]
    )
    growth = only(rows, "compile, two keys: cost per device over that at 500", 5000)
    assert growth.ratio == pytest.approx(most / 20)
    assert growth.bound == f"ratio < {GROWTH}"
    assert growth.holds is holds


def test_rivals_are_compared_at_the_same_size() -> None:
    rows = rows_of(
        [
            *(measured("load", devices, cpu_s) for devices, cpu_s in ((1, 0.1), (11, 0.2), (101, 1.0))),
            *(measured("guarneri", devices, cpu_s) for devices, cpu_s in ((1, 0.1), (11, 0.6))),
        ]
    )
    assert only(rows, "guarneri: cost per device over ours", 11).ratio == pytest.approx(5.0)


def test_the_table_says_where_a_bound_does_not_hold() -> None:
    text = show([Row("one", 1, bound="ratio < 2", ratio=2.5, holds=False), Row("two", 2, holds=True)])
    lines = text.splitlines()
    assert len({len(line) for line in lines}) == 1
    assert [cell.strip() for cell in lines[2].split("|")[1:-1]] == [
        "one", "1", "", "", "", "", "2.50", "ratio < 2", "**no**",
    ]  # fmt: skip
    assert lines[3].endswith("| yes    |")


def test_a_program_is_measured_and_says_figures(tmp_path: Path) -> None:
    program = "print('RESULT {\"steps\": 3}'); sum(range(3_000_000)); bytearray(60_000_000)"
    figures = run([sys.executable, "-c", program], environment([tmp_path]))
    assert figures.said == {"steps": 3}
    assert figures.rss_mb > 57
    assert figures.cpu_s > 0.005


def test_a_program_that_fails_is_shown() -> None:
    with pytest.raises(BenchmarkError, match="ended with 3:\nbefore"):
        run([sys.executable, "-c", "print('before'); raise SystemExit(3)"], environment([]))


def test_medians_are_taken_of_each_figure() -> None:
    runs = [Figures(3, 1, 2, {"x": 1}), Figures(1, 2, 3, {"x": 5}), Figures(2, 3, 1, {"x": 3})]
    assert median(runs) == Figures(2, 2, 2, {"x": 3})
