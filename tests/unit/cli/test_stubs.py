"""`ophyd-decl stubs`: writes, compares, and leaves the files of people alone."""

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

Call = Callable[..., Result]
MARK = "# Written by `ophyd-decl stubs"


def test_it_writes_the_types_beside_the_beamline(call: Call, beamline: str) -> None:
    done = call("stubs", beamline)
    file = Path(beamline, "__init__.pyi")
    assert (done.exit_code, done.stdout, done.stderr) == (0, f"written: {file}\n", "")
    text = file.read_text(encoding="utf-8")
    assert text.startswith(f"{MARK}` for the beamline i99: edits are lost.\n")
    assert "\nx: " in text
    assert sorted(Path(beamline).glob(".*")) == []


def test_a_file_that_it_wrote_is_replaced_and_one_that_holds_is_not_touched(call: Call, beamline: str) -> None:
    call("stubs", beamline)
    file = Path(beamline, "__init__.pyi")
    text, before = file.read_text(), file.stat().st_mtime_ns
    assert call("stubs", beamline).stdout == f"up to date: {file}\n"
    assert file.stat().st_mtime_ns == before
    file.write_text(text.replace("SignalR", "SignalX"))
    assert call("stubs", beamline).exit_code == 0
    assert file.read_text() == text


@pytest.mark.parametrize("content", [b"", b"x: int\n", b"\xff\xfe", f"# mine\n{MARK}`\n".encode()])
def test_the_file_of_a_person_is_left_as_it_is(call: Call, beamline: str, content: bytes) -> None:
    file = Path(beamline, "__init__.pyi")
    file.write_bytes(content)
    done = call("stubs", beamline)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{file} was not written by this command, and is left as it is" in done.stderr
    assert "move it away, or name another file with --output" in done.stderr
    assert file.read_bytes() == content
    assert call("stubs", beamline, "--output", "types.pyi").exit_code == 0
    assert Path("types.pyi").read_text().startswith(MARK)


def test_a_link_to_nothing_is_left_as_it_is(call: Call, beamline: str) -> None:
    file = Path(beamline, "__init__.pyi")
    file.symlink_to(Path("nowhere.pyi").absolute())
    done = call("stubs", beamline)
    assert (done.exit_code, done.stdout) == (2, "")
    assert f"{file} was not written by this command, and is left as it is" in done.stderr
    assert file.is_symlink()
    assert not Path("nowhere.pyi").exists()


def test_check_shows_what_differs_and_writes_nothing(call: Call, beamline: str) -> None:
    file = Path(beamline, "__init__.pyi")
    done = call("stubs", beamline, "--check")
    assert done.exit_code == 1
    assert "+x: " in done.stdout
    assert not file.exists()
    call("stubs", beamline)
    done = call("stubs", beamline, "--check")
    assert (done.exit_code, done.stdout) == (0, "")
    yaml = Path(beamline, "beamline.yaml")
    yaml.write_text(yaml.read_text() + "  added: {type: signal, soft: 1, dtype: int}\n")
    before = file.read_bytes()
    done = call("stubs", beamline, "--check")
    assert done.exit_code == 1
    assert done.stdout.startswith(f"--- {file}\n+++ {file} as it should be\n@@ ")
    assert "\n+added: SignalR[int]\n" in done.stdout
    assert done.stderr == "1 file differs; the same command without --check writes it anew\n"
    assert file.read_bytes() == before
    file.write_bytes(b"\xff mine\n")
    assert call("stubs", beamline, "--check").exit_code == 1


def test_profile_and_settings_are_named_in_the_file(call: Call, beamline: str) -> None:
    yaml = Path(beamline, "beamline.yaml")
    profile = "profiles: {long: {devices: {added: {type: signal, soft: 1, dtype: int}}}}\n"
    yaml.write_text(yaml.read_text() + profile)
    chosen = ["--profile", "long", "--set", "name=other"]
    assert call("stubs", beamline, *chosen).exit_code == 0
    text = Path(beamline, "__init__.pyi").read_text()
    assert text.startswith(f"{MARK} --profile long --set name=other` for the beamline other: edits are lost.\n")
    assert "\nadded: " in text
    assert call("stubs", beamline, *chosen, "--check").exit_code == 0
    assert call("stubs", beamline, "--check").exit_code == 1


def test_wrong_files_give_no_types(call: Call, beamline: str) -> None:
    Path(beamline, "beamline.yaml").write_text("api: ophyd_decl/v1\nkind: beamline\nnme: x\n")
    done = call("stubs", beamline)
    assert done.exit_code == 1
    assert "error[E110]" in done.stderr
    assert not Path(beamline, "__init__.pyi").exists()
    assert call("stubs", "nowhere").exit_code == 1
    assert call("stubs").exit_code == 2


def test_only_a_beamline_that_can_be_imported_has_a_place_for_them(call: Call, beamline: str) -> None:
    other = Path(beamline, "other.yaml")
    Path(beamline, "beamline.yaml").rename(other)
    done = call("stubs", str(other))
    assert done.exit_code == 2
    assert "--output" in done.stderr
    assert call("stubs", str(other), "--output", "other.pyi").exit_code == 0
    assert call("stubs", str(other), "--output", ".").exit_code == 2


def test_it_says_what_python_needs_to_import_the_devices(call: Call, beamline: str) -> None:
    Path(beamline, "__init__.py").unlink()
    done = call("stubs", beamline)
    assert done.exit_code == 0
    assert "from ophyd_decl import expose\n  expose(__name__)\n" in done.stderr


def test_a_folder_that_cannot_be_written_is_one_clear_error(call: Call, beamline: str) -> None:
    Path("file").write_text("")
    done = call("stubs", beamline, "--output", "file/types.pyi")
    assert done.exit_code == 1
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1
