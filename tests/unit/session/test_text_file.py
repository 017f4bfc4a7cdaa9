"""Text files are written whole, or not at all."""

import errno
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from ophyd_decl.session.text_file import write_whole


@pytest.fixture(params=[0o022, 0o027])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_a_new_file_has_the_permissions_of_the_user_and_another_keeps_its_own(
    umask: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(mask: int) -> int:
        raise AssertionError("it is that of all threads")

    with monkeypatch.context() as patched:
        patched.setattr(os, "umask", refuse)
        for new in (False, True):
            path = tmp_path / f"new_{new}"
            write_whole(path, "a", new=new)
            assert mode_of(path) == 0o666 & ~umask
            path.chmod(0o600)
            write_whole(path, "b")
            assert (path.read_text(), mode_of(path)) == ("b", 0o600)


def test_an_interrupt_after_the_last_step_stays_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    replace = os.replace

    def interrupted(old: Path, new: Path) -> None:
        replace(old, new)
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "replace", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_whole(tmp_path / "file", "text")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "text")]


@pytest.mark.parametrize("links", [True, False])
def test_a_file_that_is_there_is_not_written_as_a_new_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    def refuse(old: Path, new: Path) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted", old)

    if not links:
        monkeypatch.setattr(os, "link", refuse)
    path = tmp_path / "file"
    write_whole(path, "first", new=True)
    with pytest.raises(FileExistsError) as caught:
        write_whole(path, "second", new=True)
    assert caught.value.filename == str(path)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("file", "first")]
