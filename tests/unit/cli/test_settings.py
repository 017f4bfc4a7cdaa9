"""`settings` on values of this process: what is wrong with a file, or with the disk."""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result
from hypothesis import given, settings
from hypothesis import strategies as st

from ophyd_decl.session.settings.file import read_settings
from ophyd_decl.session.settings.restoring import Restoration
from ophyd_decl.session.settings.text import Saved, new_text, updated_text
from ophyd_decl.session.settings.values import NotASettingError, portable, same, tolerance_of

Call = Callable[..., Result]
ROOT = Path(__file__).parents[3]


@pytest.fixture
def file(beamline: str, call: Call) -> Path:
    path = Path("settings.yaml")
    assert call("settings", "save", beamline, str(path)).exit_code == 0
    return path


def test_a_file_of_another_kind_is_neither_read_nor_written_over(call: Call, beamline: str) -> None:
    for name, text, says in (
        ("other.yaml", "api: ophyd_decl/v1\nkind: types\n", "E117]: no settings file: it has `kind: types`"),
        ("text.txt", "some text\n", "E117]: no settings file: it has no `kind`"),
        ("broken.yaml", "a: [1\n", "E101]: "),
        ("empty.yaml", "", "E117]: no settings file: it has no `kind`"),
    ):
        Path(name).write_text(text)
        for verb in ("save", "diff", "restore"):
            done = call("settings", verb, beamline, name)
            assert (done.exit_code, done.stdout) == (1, ""), (name, verb, done.output)
            assert f"error[{says}" in done.stderr
            assert f" --> {name}:" in done.stderr
        assert Path(name).read_text() == text
    assert call("settings", "save", beamline, "beamlines").exit_code == 1
    assert "this is a folder" in call("settings", "save", beamline, "beamlines").stderr


def test_a_path_that_is_not_there_is_one_error(call: Call, beamline: str) -> None:
    done = call("settings", "save", beamline, "nowhere/settings.yaml")
    assert (done.exit_code, done.stderr) == (1, "error: No such folder: nowhere\n")
    for verb in ("diff", "restore"):
        done = call("settings", verb, beamline, "nowhere.yaml")
        assert done.exit_code == 1
        assert "error[E100]: cannot read, no such file or directory: `nowhere.yaml`" in done.stderr


@pytest.mark.parametrize(
    ("old", "new", "says", "position"),
    [
        ("beamline: i99", "beamline: i22", 'settings of the beamline "i22", this is "i99"', "4:11"),
        ("counter: group", "counter: i99.axis", "settings of a i99.axis, `counter` is a group", "6:12"),
        ("counter", "countr", "settings of the device `countr`, which has none here", "6:3"),
        ("counter.width", "counter.wide", "`counter.wide` is no setting of this beamline", "8:3"),
        ("counter.width", "counter.counts", "`counter.counts` is no setting of this beamline", "8:3"),
        ("counter.width: {", "counter.width: {}\n  counter.w: {", "`value` is missing in a setting", "8:3"),
        ("value: 2.0", "valeu: 2.0", "unknown key `valeu` in a setting", "8:19"),
        ("  counter: group\n", "  x: i99.axis\n", "the type of the device `counter` is missing", "8:3"),
        ("  counter.width", "  x.setpoint: {value: 1.0, dtype: float, units: mm}\n  counter.width",
         "the type of the device `x` is missing", "8:3"),
    ],
)  # fmt: skip
def test_a_file_of_something_else_is_one_error_with_its_place(
    call: Call, beamline: str, file: Path, old: str, new: str, says: str, position: str
) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new))
    done = call("settings", "restore", beamline, str(file))
    assert (done.exit_code, done.stdout) == (1, "")
    assert says in done.stderr
    assert f" --> settings.yaml:{position}\n" in done.stderr, done.stderr


def test_a_device_of_which_the_file_has_nothing_is_an_error(call: Call, beamline: str, file: Path) -> None:
    for verb in ("diff", "restore"):
        done = call("settings", verb, beamline, str(file), "x")
        assert done.exit_code == 1
        assert "error[E408]: no settings of `x`, only of `counter`\n --> settings.yaml:5:1" in done.stderr
    assert call("settings", "restore", beamline, str(file), "nothing").exit_code == 2


def test_what_the_beamline_has_no_more_is_kept_with_a_warning(call: Call, beamline: str, file: Path) -> None:
    text = file.read_text() + "  counter.old: {value: 1.0, dtype: float}  # of last year\n"
    file.write_text(text)
    done = call("settings", "save", beamline, str(file))
    assert (done.exit_code, done.stdout) == (0, "settings.yaml: 0 saved, 1 unchanged\n")
    assert done.stderr == "warning: counter.old is in the file, and is no setting of i99; it is kept\n"
    assert file.read_text() == text


def test_json_of_save_and_restore(call: Call, beamline: str, file: Path) -> None:
    answer = json.loads(call("settings", "save", beamline, str(file), "--format", "json").stdout)
    assert answer == {
        "schema": 1, "file": "settings.yaml", "changed": [], "unchanged": ["counter.width"], "failures": [],
        "unknown": [],
    }  # fmt: skip
    file.write_text(file.read_text().replace("2.0", "2.5"))
    answer = json.loads(call("settings", "restore", beamline, str(file), "--format", "json").stdout)
    assert answer == {
        "schema": 1,
        "settings": [
            {
                "path": "counter.width", "name": "counter-width", "state": "set", "phase": 0, "before": 2.0,
                "value": 2.5, "units": "mm", "reason": "",
            }
        ],
    }  # fmt: skip


def test_a_restore_that_breaks_off_says_what_was_set(
    call: Call, beamline: str, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file.write_text(file.read_text().replace("2.0", "2.5"))

    async def fail(self: Restoration) -> None:
        raise RuntimeError("no more")

    monkeypatch.setattr(Restoration, "finish", fail)
    done = call("settings", "restore", beamline, str(file))
    assert (done.exit_code, done.stdout) == (1, "set          counter.width  before 2 mm  file 2.5 mm\n1 set\n")
    assert "RuntimeError: no more" in done.stderr


def test_made_up_values_of_mock_mode_are_not_saved(call: Call, beamline: str) -> None:
    definition = Path(beamline) / "beamline.yaml"
    definition.write_text(
        definition.read_text() + "  far: {type: signal, pv: F, dtype: float, access: rw, connect: mock}\n"
    )
    done = call("settings", "save", beamline, "new.yaml")
    assert (done.exit_code, done.stdout) == (3, "new.yaml: 1 saved, 0 unchanged\n")
    assert done.stderr == "error: not saved: far: it is in mock mode, and its value is made up\n"


def test_a_disk_that_is_full_leaves_the_file_as_it_was(beamline: str, file: Path) -> None:
    before = file.read_bytes()
    definition = Path(beamline) / "beamline.yaml"
    definition.write_text(definition.read_text().replace("{soft: 2.0,", "{soft: 3.0,"))

    def allow_no_file() -> None:
        """Have the kernel refuse each write to a file, as it does on a full disk."""
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))

    done = subprocess.run(
        [sys.executable, "-B", "-m", "ophyd_decl.cli", "settings", "save", beamline, str(file)],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        preexec_fn=allow_no_file,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout) == (1, ""), done.stderr
    assert done.stderr == f"error: File too large: {file.resolve()}\n"
    assert file.read_bytes() == before
    assert sorted(Path().iterdir()) == [Path("beamlines"), file]


def test_a_list_that_is_too_long_is_no_setting() -> None:
    assert portable([1.0] * 10_000) == [1.0] * 10_000
    with pytest.raises(NotASettingError, match="10001 items, a settings file holds at most 10000"):
        portable({"a": [1] * 5_000, "b": [1] * 5_001})
    with pytest.raises(NotASettingError, match="a bytes, which"):
        portable(b"ab")


def test_floats_are_the_same_within_half_of_their_last_digit() -> None:
    assert tolerance_of(2) == 0.005
    assert (tolerance_of(0), tolerance_of(None)) == (0, 0)
    assert same(1.0, 1.005, tolerance=0.005)
    assert not same(1.0, 1.0051, tolerance=0.005)
    assert same(float("nan"), float("nan"))
    assert not same(float("nan"), 1.0, tolerance=10)
    assert same(float("inf"), float("inf"), tolerance=1)
    assert not same(float("inf"), 1.0, tolerance=1)
    assert same(0.1, 0.10000000149011612, "float32")
    assert not same(0.1, 0.10000000149011612)
    assert not same(3, 4, tolerance=10)
    assert not same(True, 1)
    assert same([1.0, 2.0], [1.004, 2.0], tolerance=0.005)
    assert not same([1.0, 2.0], [1.0])
    assert not same({"a": [1]}, {"b": [1]})
    assert not same("1", 1)


def test_a_save_changes_no_other_setting_that_is_written_by_the_same_anchor(tmp_path: Path) -> None:
    path = tmp_path / "anchors.yaml"
    path.write_text(
        "api: ophyd_decl/v1\nkind: settings\nbeamline: lab\ndevices: {d: t}\nsignals:\n"
        "  d.a: &a {value: 1.0, dtype: float, units: mm}  # mine\n"
        "  d.b: *a\n"
        "  d.c: {<<: *a, value: 3.0}\n"
        "  d.d: *a\n"
        "  d.e: {value: &e [5.0], dtype: any}\n"
        "  d.f: {value: *e, dtype: any}\n"
        "  d.g: {value: &g 7.0, dtype: float}\n"
        "  d.h: {value: *g, dtype: float}\n"
    )
    before = read_settings(str(path))
    facts = {name: (entry.value, entry.dtype, entry.units) for name, entry in before.entries.items()}
    assert facts["d.c"] == (3.0, "float", "mm")
    for changed in facts:
        one = Saved(9.0, "float", None)
        path.write_text(updated_text(before, {"d": "t"}, {changed: one}))
        after = read_settings(str(path)).entries
        assert {name: (entry.value, entry.dtype, entry.units) for name, entry in after.items()} == facts | {
            changed: tuple(one)
        }
        assert "# mine" in path.read_text()


SCALARS = st.one_of(st.booleans(), st.integers(-(2**63), 2**63), st.floats(), st.text(st.characters(codec="utf-8")))
VALUES = st.one_of(
    SCALARS, st.lists(SCALARS, max_size=5), st.dictionaries(st.text("abc", min_size=1), st.lists(SCALARS))
)


@settings(deadline=None)
@given(st.lists(VALUES, min_size=2, max_size=6))
def test_every_value_comes_back_from_the_text(tmp_path_factory: pytest.TempPathFactory, values: list[object]) -> None:
    path = tmp_path_factory.getbasetemp() / "values.yaml"
    saved = {f"d.s{number}": Saved(value, "any", None) for number, value in enumerate(values)}
    path.write_text(new_text("lab", {"d": "t"}, saved), newline="")
    file = read_settings(str(path))
    assert all(same(file.entries[name].value, one.value) for name, one in saved.items())
    swapped = dict(zip(saved, reversed(saved.values()), strict=True))
    path.write_text(updated_text(file, {"d": "t"}, swapped | {"d.new": saved["d.s0"]}), newline="")
    file = read_settings(str(path))
    assert all(same(file.entries[name].value, one.value) for name, one in swapped.items())
    assert same(file.entries["d.new"].value, values[0])
