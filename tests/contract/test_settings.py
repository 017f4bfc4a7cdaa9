"""Settings of a real IOC: saved, compared and put back by commands, of which those that Ctrl-C ends are processes."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import chdir
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main
from tests.servers.fixtures import IocFactory
from tests.servers.ioc import Ioc

ROOT = Path(__file__).parents[2]
FOLDER = Path(__file__).parent / "settings"
#: The values of the records at the start; each test finds them so.
START = {
    "speed": 1.5, "bare": 0.25, "count": 3, "flag": 1, "mode": 1, "text": "12:30", "undefined": "NaN", "top": 10,
    "value": 1, "axis": 0, "slow1": 0, "slow2": 0, "slow3": 0, "slow4": 0,
    "slow5": 0, "slow6": 0, "clamped": 1, "driver": 1, "crossed": 3,
}  # fmt: skip


@pytest.fixture(scope="module")
def served(module_ioc_factory: IocFactory) -> Ioc:
    return module_ioc_factory(FOLDER / "records.db")


class Settings:
    """Calls `settings` for one server over one protocol, in a folder of its own."""

    def __init__(self, ioc: Ioc, protocol: str, folder: Path) -> None:
        self.ioc = ioc
        self.protocol = protocol
        self.folder = folder
        shutil.copy(FOLDER / "types.yaml", folder)
        text = (FOLDER / "beamline.yaml").read_text().replace("protocol: ca", f"protocol: {protocol}")
        text = text.replace("PROTOCOL", protocol)
        (folder / "beamline.yaml").write_text(text.replace('p: "T:"', f'p: "{ioc.prefix}"'))
        self.file = folder / "settings.yaml"

    def start(self, verb: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "ophyd_decl.cli", "settings", verb, ".", self.file.name, *arguments],
            cwd=self.folder,
            env=os.environ | self.ioc.client_environment | {"PYTHONPATH": str(ROOT)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def __call__(self, verb: str, *arguments: str) -> tuple[int, str, str]:
        """Call the command in a thread, which has a loop of its own and no signals."""
        words = ["settings", verb, ".", self.file.name, *arguments]
        with ThreadPoolExecutor(1) as thread, chdir(self.folder):
            done = thread.submit(CliRunner().invoke, main, words).result()
        return done.exit_code, done.stdout, done.stderr

    def edit(self, path: str, old: str, new: str) -> None:
        """Replace a text in the line of one setting."""
        lines = self.file.read_text().splitlines(keepends=True)
        (index,) = [number for number, line in enumerate(lines) if line.startswith(f"  {path}: {{value")]
        assert old in lines[index]
        lines[index] = lines[index].replace(old, new)
        self.file.write_text("".join(lines))

    def value(self, name: str) -> str:
        """Return the value of a field, as the IOC prints it."""
        return self.ioc.command(f'dbgf "{self.ioc.pv(name)}"').split(":", 1)[1].partition(" = ")[0].strip().strip('"')


@pytest.fixture
def settings(served: Ioc, epics_protocol: str, tmp_path: Path) -> Settings:
    for name, value in START.items():
        served.put(name, value)
    return Settings(served, epics_protocol, tmp_path)


def at_rest(ioc: Ioc, name: str) -> None:
    """Wait until a record processes nothing any more: a put that begins nothing is completed at once."""
    deadline = time.monotonic() + 20
    while not ioc.command(f'dbgf "{ioc.pv(name)}.PACT"').partition(" = ")[0].endswith(" 0"):
        assert time.monotonic() < deadline


def test_what_is_saved_is_the_golden_file(settings: Settings) -> None:
    code, output, errors = settings("save", "box", "axis", "speed")
    assert (code, errors) == (0, "")
    assert output == "settings.yaml: 13 saved, 0 unchanged\n"
    assert settings.file.read_text() == (FOLDER / "saved.yaml").read_text()


def test_saving_again_leaves_the_file_as_it_is(settings: Settings) -> None:
    settings("save", "box")
    text = settings.file.read_text().replace("signals:\n", "signals:   # by hand\n\n").replace("1.5", "15e-1")
    settings.file.write_text("# ours\r\n" + text)
    before, stamp = settings.file.read_bytes(), settings.file.stat().st_mtime_ns
    code, output, errors = settings("save", "box")
    assert (code, output, errors) == (0, "settings.yaml: 0 saved, 11 unchanged\n", "")
    assert settings.file.read_bytes() == before
    assert settings.file.stat().st_mtime_ns == stamp


def test_a_change_keeps_comments_and_order(settings: Settings) -> None:
    settings("save", "box")
    lines = settings.file.read_text().splitlines()
    lines.append(lines.pop(next(number for number, line in enumerate(lines) if "box.top" in line)))
    lines[-2] += "  # looked at by hand"
    settings.file.write_text("\n".join(lines) + "\n# the end\n")
    settings.ioc.put("count", 4)
    assert settings("save", "box")[:2] == (0, "settings.yaml: 1 saved, 10 unchanged\n")
    changed = settings.file.read_text()
    assert changed.splitlines() == [line.replace("value: 3,", "value: 4,") for line in [*lines, "# the end"]]
    assert settings("save", "speed")[0] == 0
    grown = settings.file.read_text().splitlines()
    assert [line for line in grown if line not in changed.splitlines()] == [
        "  speed: signal", "  speed: {value: 1.5, dtype: float, units: mm/s}",
    ]  # fmt: skip
    assert [line for line in changed.splitlines() if line not in grown] == []


def test_what_cannot_be_read_is_named_and_kept(settings: Settings) -> None:
    settings("save", "box.speed")
    text = settings.file.read_text().replace("devices:\n", "devices:\n  gone: signal\n")
    settings.file.write_text(text + "  gone: {value: 7.0, dtype: float}  # kept\n")
    code, output, errors = settings("save", "gone", "box.count", "--timeout", "1")
    assert (code, output) == (3, "settings.yaml: 1 saved, 0 unchanged\n")
    assert re.match(r"error: not saved: gone \(\w+://T\d+:gone\): nothing has answered to this address", errors)
    assert "  gone: {value: 7.0, dtype: float}  # kept\n" in settings.file.read_text()
    settings.file.unlink()
    assert settings("save", "gone", "--timeout", "1")[0] == 3
    assert not settings.file.exists()


def test_diff_shows_both_values_and_takes_the_precision_as_tolerance(settings: Settings) -> None:
    settings("save", "box", "speed")
    assert settings("diff")[:2] == (0, "12 same\n")
    settings.ioc.put("speed", 1.5049)
    settings.ioc.put("undefined", "NaN")
    assert settings("diff")[:2] == (0, "12 same\n")
    settings.ioc.put("speed", 1.5051)
    settings.ioc.put("mode", 0)
    settings.ioc.put("bare", 0.2500001)  # nobody has given it a precision
    code, output, errors = settings("diff", "box")
    assert (code, errors) == (1, "")
    assert output == (
        "box.speed  file 1.5 mm/s  live 1.5051 mm/s\n"
        "box.bare   file 0.25  live 0.2500001\n"
        "box.mode   file Off  live Low Energy\n"
        "8 same, 3 differs\n"
    )
    code, output, _ = settings("diff", "speed", "--format", "json")
    answer = json.loads(output)
    (row,) = answer["settings"]
    assert (code, answer["same"], row["state"], row["saved"], row["live"]) == (1, False, "differs", 1.5, 1.5051)
    assert (row["saved_units"], row["live_units"], row["tolerance"]) == ("mm/s", "mm/s", 0.005)
    assert (row["file"], row["line"]) == ("settings.yaml", 20)


def test_restore_puts_what_differs_in_its_phase(settings: Settings) -> None:
    settings.ioc.put("top", 50)
    settings.ioc.put("value", 42)
    settings("save", "box", "axis")
    for name, value in START.items():
        settings.ioc.put(name, value)
    settings.ioc.put("mode", 0)
    settings.ioc.put("text", "other")
    settings.ioc.put("axis", 5)
    code, output, errors = settings("restore")
    assert (code, errors) == (0, ""), output
    assert output == (
        "set          box.value  before 1 mm  file 42 mm\n"
        "set          box.top    before 10  file 50\n"
        "set          box.mode   before Low Energy  file Off\n"
        "set          box.text   before other  file 12:30\n"
        "4 set, 8 unchanged\n"
    )
    assert [settings.value(name) for name in ("value", "top", "mode", "text", "axis")] == [
        "42", "50", "Off", "12:30", "5",
    ]  # fmt: skip
    assert settings("restore")[:2] == (0, "12 unchanged\n")


def test_a_refused_put_does_not_stop_the_others(settings: Settings) -> None:
    settings("save", "guard")
    for path, old, new in (
        ("guard.count", "3", "8"),
        ("guard.disabled", "1.0", "2.0"),
        ("guard.guarded", "1.0", "2.0"),
    ):
        settings.edit(path, f"value: {old}", f"value: {new}")
    code, output, errors = settings("restore", "--format", "json")
    assert (code, errors) == (3, "")
    rows = {row["path"]: row for row in json.loads(output)["settings"]}
    assert {path: row["state"] for path, row in rows.items()} == {
        "guard.count": "set", "guard.disabled": "refused", "guard.guarded": "refused", "guard.speed": "unchanged",
    }  # fmt: skip
    assert "guard.disabled" in rows["guard.disabled"]["reason"]
    assert rows["guard.guarded"]["reason"]
    assert settings.value("count") == "8"
    assert [settings.value(name) for name in ("disabled", "guarded")] == ["1", "1"]


def test_a_put_that_takes_too_long_is_not_told_as_refused(settings: Settings) -> None:
    file = settings.folder / "beamline.yaml"
    slow = "  slow: {type: lab.slow, "
    assert slow in file.read_text()
    file.write_text(file.read_text().replace(slow, f"{slow}overrides: {{wait1: {{timeout: {{write: 0.1}}}}}}, "))
    settings("save", "slow")
    settings.edit("slow.wait1", "value: 0", "value: 4")
    settings.edit("slow.last", "value: 0.25", "value: 0.5")
    at_rest(settings.ioc, "slow1:wait")
    code, output, errors = settings("restore")
    assert (code, errors) == (3, ""), output
    assert re.search(r"^timed out +slow\.wait1 +before 0 +file 4 +\(.*did not arrive within 0\.1 s", output, re.M), (
        output
    )
    assert output.endswith("1 set, 6 unchanged, 1 timed out\n"), output


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "says"),
    [
        ("box.speed", "mm/s", "um/s", "E640", "`box.speed` has the unit mm/s, the file the unit um/s"),
        ("box.speed", ", units: mm/s", "", "E640", "`box.speed` has the unit mm/s, the file no unit"),
        ("box.bare", "float", "float, units: mm", "E640", "`box.bare` has no unit, the file the unit mm"),
        ("box.speed", "dtype: float", "dtype: int", "E640", "`box.speed` has dtype float, the file int"),
        ("box.count", "value: 3", "value: three", "E640", "`box.count`: not a whole number"),
        ("box.value", "1.0", "11.0", "E641", "`box.value`: 11.0 mm is outside the limits [0.0, 10.0] mm of the server"),
    ],
)
def test_a_file_that_disagrees_is_refused_before_the_first_put(
    settings: Settings, path: str, old: str, new: str, code: str, says: str
) -> None:
    settings("save", "box")
    settings.edit(path, old, new)
    settings.ioc.put("top", 10)
    settings.ioc.put("text", "other")
    if code == "E641":  # nothing of an earlier phase differs, so that the limits are those of now
        settings.ioc.put("text", "12:30")
    done, output, errors = settings("restore")
    assert (done, output) == (3, "")
    assert errors.startswith(f"error[{code}]: {says}\n --> settings.yaml:"), errors
    assert errors.endswith("error: nothing was set\n")
    assert settings.value("text") == ("12:30" if code == "E641" else "other")


def test_nan_is_kept_compared_and_never_put(settings: Settings) -> None:
    settings("save", "box.undefined", "box.count")
    assert "value: .nan" in settings.file.read_text()
    settings.ioc.put("undefined", 2)
    settings.ioc.put("count", 9)
    code, output, _ = settings("restore")
    assert code == 3
    assert re.search(r"^refused +box\.undefined +before 2 +file NaN +\(.*NaN", output, re.MULTILINE), output
    assert output.endswith("1 set, 1 refused\n")
    assert (settings.value("undefined"), settings.value("count")) == ("2", "3")


def test_read_only_mode_refuses_before_anything_is_sent(settings: Settings) -> None:
    settings("save", "box.count")
    settings.ioc.put("count", 9)
    for options in (["--read-only"], ["--set", "read_only=true"]):
        code, output, errors = settings("restore", *options)
        assert (code, output) == (3, "")
        assert errors.startswith("error: box.count (")
        assert "read-only" in errors
    assert settings.value("count") == "9"


def test_ctrl_c_stops_between_two_puts(settings: Settings) -> None:
    settings("save", "slow")
    settings.edit("slow.count", "value: 3", "value: 6")
    settings.edit("slow.last", "value: 0.25", "value: 0.5")
    slow = [f"slow.wait{number}" for number in range(1, 7)]
    for path in slow:
        settings.edit(path, "value: 0.0", "value: 4.0")
    process = settings.start("restore")
    deadline = time.monotonic() + 20
    while settings.value("slow1") != "4":
        assert time.monotonic() < deadline, process.communicate()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    *told, summary = output.splitlines()
    states, paths = zip(*(line.split("  before")[0].strip().rsplit(maxsplit=1) for line in told), strict=True)
    states = [state.strip() for state in states]
    assert list(paths) == ["slow.count", *slow, "slow.last"]
    # Which of the puts the signal meets is up to the machine; one that ends within the grace time is done.
    done, under_way = states.count("set"), states.count("interrupted")
    not_reached = len(states) - done - under_way
    assert states == ["set"] * done + ["interrupted"] * under_way + ["not reached"] * not_reached
    assert (done >= 1, under_way <= 1, not_reached >= 1) == (True, True, True)
    assert summary.startswith(f"{done} set, ")
    assert summary.endswith(f"{not_reached} not reached")
    put = done - 1 + under_way
    assert [settings.value(f"slow{number}") for number in range(1, 7)] == ["4"] * put + ["0"] * (6 - put)
    assert settings.value("bare") == "0.25"


def test_ctrl_c_says_of_a_put_under_way_that_it_may_have_been_sent(settings: Settings) -> None:
    settings("save", "slow.last", "stuck")
    settings.edit("stuck", "value: 0.0", "value: 7.0")
    settings.edit("slow.last", "value: 0.25", "value: 0.5")
    process = settings.start("restore", "--timeout", "5")
    deadline = time.monotonic() + 20
    while settings.value(f"stuck:{settings.protocol}") != "7":
        assert time.monotonic() < deadline, process.communicate()
    pressed = time.monotonic()
    process.send_signal(signal.SIGINT)
    output, errors = process.communicate(timeout=20)
    assert process.returncode == 130, errors
    assert time.monotonic() - pressed < 3
    assert re.search(r"^interrupted +stuck .*\(its put was under way, and may have been sent\)$", output, re.MULTILINE)
    assert output.endswith("1 interrupted, 1 not reached\n")


def test_what_a_server_takes_otherwise_and_what_another_put_changes_are_told(settings: Settings) -> None:
    settings("save", "pitfalls")
    settings.edit("pitfalls.clamped", "value: 1.0", "value: 8.0")
    settings.ioc.put("driver", 2)
    settings.ioc.put("driven", 11)
    code, output, errors = settings("restore", "--format", "json")
    assert (code, errors) == (3, "")
    rows = {row["path"]: (row["state"], row["reason"]) for row in json.loads(output)["settings"]}
    assert rows["pitfalls.clamped"][0] == "refused"
    assert rows["pitfalls.clamped"][1].startswith("it was put, and is 5.0 now; restore again")
    assert rows["pitfalls.driver"] == ("set", "")
    assert rows["pitfalls.driven"] == ("unchanged", "")
    settings.ioc.put("driver", 2)
    settings.edit("pitfalls.clamped", "value: 8.0", "value: 1.0")
    settings.edit("pitfalls.driven", "value: 11.0", "value: 12.0")
    code, output, _ = settings("restore", "--format", "json")
    rows = {row["path"]: (row["state"], row["reason"]) for row in json.loads(output)["settings"]}
    assert code == 3
    assert rows["pitfalls.driven"][0] == "refused"
    assert rows["pitfalls.driven"][1].startswith("it was right, another put came, and it is 11.0 now")


def test_limits_whose_low_one_is_above_the_high_one_are_one_clear_error(settings: Settings) -> None:
    settings("save", "pitfalls.crossed")
    settings.edit("pitfalls.crossed", "value: 3.0", "value: 4.0")
    # The record holds no value back for such limits, and so they are none here.
    assert settings("restore")[:2] == (0, "set          pitfalls.crossed  before 3  file 4\n1 set\n")
    types = settings.folder / "types.yaml"
    types.write_text(types.read_text().replace("{suffix: crossed,", "{suffix: crossed, limits: [5, 1],"))
    code, output, errors = settings("restore")
    assert (code, output) == (1, "")
    assert errors.startswith("error[E126]: the low limit 5 is not below the high limit 1\n --> types.yaml:"), errors
