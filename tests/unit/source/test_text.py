"""Files that cannot be read: one diagnostic with a code, never an exception."""

import os
from pathlib import Path

import pytest

from ophyd_decl.source import Findings, load_file
from ophyd_decl.source.text import MAX_BYTES


def codes(path: Path | str) -> list[tuple[str, int, int]]:
    findings = Findings()
    assert load_file(str(path), findings) is None
    return [(d.code, d.place.line, d.place.column) for d in findings.sorted()]


def test_what_is_no_readable_file(tmp_path: Path) -> None:
    assert codes(tmp_path / "missing.yaml") == [("E100", 1, 1)]
    assert codes(tmp_path) == [("E100", 1, 1)]
    assert codes("a\0b") == [("E100", 1, 1)]
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    assert codes(pipe) == [("E100", 1, 1)]
    loop = tmp_path / "loop"
    loop.symlink_to(loop)
    assert codes(loop) == [("E100", 1, 1)]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission(tmp_path: Path) -> None:
    file = tmp_path / "secret.yaml"
    file.write_text("a: 1")
    file.chmod(0)
    assert codes(file) == [("E100", 1, 1)]


def test_bytes_that_are_no_utf_8(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes("a: 漢".encode() + b"\nb: \xff\n")
    assert codes(file) == [("E103", 2, 4)]
    file.write_bytes("a: 1".encode("utf-16"))
    assert codes(file) == [("E103", 1, 1)]


def test_a_byte_order_mark_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"\xef\xbb\xbfa: 1\n")
    findings = Findings()
    loaded = load_file(str(file), findings)
    assert loaded is not None
    assert str(loaded.root.key_place("a")).endswith(":1:1")
    assert findings.sorted() == ()


def test_a_large_file_is_not_read(tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_bytes(b"#" * (MAX_BYTES + 1))
    assert codes(file) == [("E105", 1, 1)]
