"""Files that want too much: an exit code and a message, in bounded time and memory, and nothing is executed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.property.hostile import FRAGMENT, HEADER, TEXTS, alias_bomb

ROOT = Path(__file__).parents[2]
LONGEST_S = 5.0
MOST_BYTES = 500_000_000
LONGEST_TEXT = 1_000
PROGRAM = """
import resource, sys
from pathlib import Path
from ophyd_decl.cli import main
try:
    main(sys.argv[1:])
finally:
    used = resource.getrusage(resource.RUSAGE_SELF)
    # That of this program: `ru_maxrss` is not less than what the process had that has started it.
    peak = Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0]
    sys.stderr.write(f"\\nused {used.ru_utime + used.ru_stime} {peak}")
"""


@dataclass(frozen=True)
class Done:
    """How a process ended: what it printed, the CPU time that it took, and the memory that it had at most."""

    code: int
    output: str
    errors: str
    cpu_s: float
    peak_bytes: int


def run(folder: Path, *arguments: str) -> Done:
    """Validate in a process of its own; the time is that of the processor, since others may use it too."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, "validate", "--format", "json", *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    cpu_s, peak = done.stderr.rpartition("used ")[2].split()
    return Done(done.returncode, done.stdout, done.stderr, float(cpu_s), int(peak) * 1024)


def check(folder: Path, expected: str, *arguments: str) -> None:
    done = run(folder, *arguments)
    assert "Traceback" not in done.errors
    assert "a fault of its own" not in done.errors
    assert done.cpu_s < LONGEST_S
    assert done.peak_bytes < MOST_BYTES
    assert not (folder / "executed").exists()
    diagnostics = json.loads(done.output)["diagnostics"]
    found = {diagnostic["code"] for diagnostic in diagnostics}
    assert all(len(diagnostic["summary"]) < LONGEST_TEXT for diagnostic in diagnostics)
    if expected:
        assert done.code == 1
        assert expected in found, found
    else:
        assert done.code in (0, 1)


@pytest.mark.parametrize("name", TEXTS)
def test_a_text_that_wants_too_much(name: str, tmp_path: Path) -> None:
    text, code = TEXTS[name]
    (tmp_path / "beamline.yaml").write_text(text, encoding="utf-8")
    check(tmp_path, code, "beamline.yaml")


def _pipe(folder: Path) -> None:
    os.mkfifo(folder / "beamline.yaml")


def _bytes(folder: Path) -> None:
    (folder / "beamline.yaml").write_bytes(bytes(range(256)) * 100)


def _folder(folder: Path) -> None:
    (folder / "beamline.yaml").mkdir()


def _uses_a_pipe(folder: Path) -> None:
    os.mkfifo(folder / "types.yaml")
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./types.yaml]\ndevices: {{}}\n")


def _link_out(folder: Path) -> None:
    (folder / "types.yaml").symlink_to("/etc/passwd")
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./types.yaml]\ndevices: {{}}\n")


def _uses_a_device(folder: Path) -> None:
    (folder / "beamline.yaml").symlink_to("/dev/zero")


def _use_in_a_circle(folder: Path) -> None:
    for one, other in (("a", "b"), ("b", "a")):
        (folder / f"{one}.yaml").write_text(
            f"api: ophyd_decl/v1\nkind: types\nnamespace: {one}\nuse: [./{other}.yaml]\ntypes: {{}}\n"
        )
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [./a.yaml]\ndevices: {{}}\n")


def _uses_a_folder(folder: Path) -> None:
    (folder / "types").mkdir()
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [types]\ndevices: {{}}\n")


def _uses_a_loop_of_links(folder: Path) -> None:
    (folder / "a.yaml").symlink_to(folder / "b.yaml")
    (folder / "b.yaml").symlink_to(folder / "a.yaml")
    (folder / "beamline.yaml").write_text(f"{HEADER}use: [a.yaml]\ndevices: {{}}\n")


def _is_a_loop_of_links(folder: Path) -> None:
    (folder / "beamline.yaml").symlink_to(folder / "beamline.yaml")


def _is_huge(folder: Path) -> None:
    with (folder / "beamline.yaml").open("wb") as file:
        file.truncate(100_000_000_000)


def _includes_itself(folder: Path) -> None:
    (folder / "beamline.yaml").write_text(f"{HEADER}include: [a.yaml]\ndevices: {{}}\n")
    for one, other in (("a", "b"), ("b", "a")):
        (folder / f"{one}.yaml").write_text(f"{FRAGMENT}include: [{other}.yaml]\ndevices: {{}}\n")


def _includes_from_outside(folder: Path) -> None:
    (folder / "beamline.yaml").write_text(f"{HEADER}include: [../../../etc/passwd, /etc/passwd]\ndevices: {{}}\n")


def _includes_more_and_more(folder: Path) -> None:
    """Each fragment includes the next one ten times: 10 ** 12 devices."""
    (folder / "beamline.yaml").write_text(f"{HEADER}include: [f0.yaml]\ndevices: {{}}\n")
    for level in range(12):
        entries = ", ".join(f"{{file: f{level + 1}.yaml, prefix: p{n}_}}" for n in range(10))
        (folder / f"f{level}.yaml").write_text(f"{FRAGMENT}include: [{entries}]\n")
    (folder / "f12.yaml").write_text(f"{FRAGMENT}devices: {{x: {{type: epics.motor, prefix: A}}}}\n")


def _includes_one_after_the_other(folder: Path) -> None:
    (folder / "beamline.yaml").write_text(f"{HEADER}include: [f0.yaml]\ndevices: {{}}\n")
    for level in range(1_000):
        (folder / f"f{level}.yaml").write_text(f"{FRAGMENT}include: [f{level + 1}.yaml]\n")
    (folder / "f1000.yaml").write_text(f"{FRAGMENT}devices: {{}}\n")


@pytest.mark.parametrize(
    ("prepare", "code"),
    [
        (_uses_a_folder, "E201"),
        (_uses_a_loop_of_links, "E201"),
        (_is_a_loop_of_links, "E100"),
        (_is_huge, "E105"),
        (_includes_itself, "E202"),
        (_includes_from_outside, "E203"),
        (_includes_more_and_more, "E105"),
        (_includes_one_after_the_other, "E105"),
        (_pipe, "E100"),
        (_bytes, "E103"),
        (_folder, "E100"),
        (_uses_a_pipe, "E201"),
        (_link_out, "E203"),
        (_uses_a_device, "E100"),
        (_use_in_a_circle, ""),
    ],
)
def test_a_file_that_is_none(prepare: Callable[[Path], None], code: str, tmp_path: Path) -> None:
    prepare(tmp_path)
    check(tmp_path, code, "beamline.yaml")


def test_settings_that_want_too_much(tmp_path: Path) -> None:
    (tmp_path / "beamline.yaml").write_text(f"{HEADER}vars: {{a: 1}}\ndevices: {{}}\n")
    for setting in (
        f"vars.a={alias_bomb(12)}",
        "vars.a=${{ 9**9**9 }}",
        "vars.a=!!python/object/apply:os.system [touch executed]",
        f"{'a.' * 20_000}b=1",
        f"vars.a={'[' * 20_000}",
        "=1",
        "vars.__class__=1",
    ):
        done = run(tmp_path, ".", "--set", setting)
        assert done.code in (0, 1, 2), setting[:40]
        assert "Traceback" not in done.errors
        assert "a fault of its own" not in done.errors
        assert done.cpu_s < LONGEST_S
        assert done.peak_bytes < MOST_BYTES
    assert not (tmp_path / "executed").exists()


def test_an_empty_folder(tmp_path: Path) -> None:
    check(tmp_path, "E100", ".")
