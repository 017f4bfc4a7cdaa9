"""Whatever is in the files of a beamline, the answer is diagnostics or a beamline, never a traceback.

`OPHYD_DECL_MUTATIONS` says how many mutations are tried, 1 000 if it is not set, and `OPHYD_DECL_SEED` where they
begin; the header of pytest says both. The last run of `.ci/run` tries 10 000, of which the other runs try the first
ones. The seed of one that fails is printed, and its files are kept in `kept/` and tried again by every later run.
"""

import json
import random
import re
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from click.testing import CliRunner

from ophyd_decl.cli import main
from ophyd_decl.compile import compile_paths
from ophyd_decl.errors import Diagnostic
from ophyd_decl.errors.codes import codes
from ophyd_decl.source.frames import render_github, render_text, to_json
from tests.property.mutations import count_and_seed, mutate

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = HERE.parent / "golden"
KEPT = HERE / "kept"
COUNT, SEED = count_and_seed()
LONGEST_S = 5.0
BATCH = 200
#: One of so many is also validated by the command line.
BY_COMMAND = 20
CODES = frozenset(codes())
_LINE_BREAK = re.compile("\r\n|[\n\r]")


@dataclass(frozen=True)
class Origin:
    """A file to damage.

    :param folder: that is copied, with all files in it; None: the file stands alone.
    :param entry: what is validated beside the damaged file: the beamline that uses it.
    """

    file: Path
    folder: Path | None = None
    entry: str = ""


def origins() -> list[Origin]:
    """Return the files to damage: golden, shipped and demo ones, those that are valid four times as often."""
    shipped = [Origin(file) for file in sorted((ROOT / "ophyd_decl" / "library").rglob("*.yaml"))]
    demo = list(_of_beamline(ROOT / "beamlines" / "demo"))
    valid, invalid = (list(_golden(GOLDEN / kind)) for kind in ("valid", "invalid"))
    return [origin for origin in [*shipped, *demo, *valid] * 4 + invalid if _is_text(origin.file)]


def _golden(folder: Path) -> Iterator[Origin]:
    for path in sorted(folder.iterdir()):
        if path.is_dir():
            yield from _of_beamline(path)
        elif path.suffix == ".yaml":
            yield Origin(path)


def _of_beamline(folder: Path) -> Iterator[Origin]:
    for file in sorted(folder.rglob("*.yaml")):
        if file.is_file():
            yield Origin(file, folder, "beamline.yaml")


def _is_text(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check(paths: list[Path], *, by_command: bool) -> None:
    """Validate files, and check that the answer is whole and can be shown."""
    begin = time.perf_counter()
    compiled = compile_paths(paths)
    elapsed_s = time.perf_counter() - begin
    assert elapsed_s < LONGEST_S, f"took {elapsed_s:.1f} s"
    wrong = any(found.severity == "error" for found in compiled.diagnostics)
    assert not (wrong and compiled.blueprint), "a beamline although there are errors"
    lines: dict[str, list[str] | None] = {}
    for found in compiled.diagnostics:
        _check_diagnostic(found, lines)
    assert len({(found.place, found.code, found.summary) for found in compiled.diagnostics}) == len(
        compiled.diagnostics
    ), "a mistake is reported twice"
    render_text(compiled.diagnostics, color=True)
    render_github(compiled.diagnostics)
    answer = to_json(compiled.diagnostics)
    json.dumps(answer)
    if by_command:
        done = CliRunner().invoke(main, ["validate", "--format", "json", *map(str, paths)], standalone_mode=False)
        assert done.return_value in (None, 0, 1)
        assert bool(done.return_value) == wrong
        assert done.exception is None or isinstance(done.exception, SystemExit)
        assert json.loads(done.stdout)["valid"] is not wrong


def _check_diagnostic(found: Diagnostic, lines: dict[str, list[str] | None]) -> None:
    assert found.code in CODES
    assert found.summary
    assert found.help, f"{found.code} has no help: {found.summary}"
    assert not re.search(r"\bNone\b|<class|object at 0x|Traceback|jinja|pydantic", found.summary + found.help)
    for place in (found.place, *[note.place for note in found.notes if note.place is not None]):
        assert (place.line, place.column) >= (1, 1)
        assert (place.end_line, place.end_column) >= (place.line, place.column)
        if place.file not in lines:
            lines[place.file] = _lines_of(Path(place.file))
        text = lines[place.file]
        if text is None:
            continue
        for line, column in ((place.line, place.column), (place.end_line, place.end_column)):
            assert line <= len(text), f"{found.code} at {place}: the file has {len(text)} lines"
            # One character behind the end stands for the end itself, and its end is exclusive.
            assert column <= len(text[line - 1]) + 2, f"{found.code} at {place}: the line is shorter"


def _lines_of(file: Path) -> list[str] | None:
    try:
        return _LINE_BREAK.split(file.read_bytes().decode("utf-8-sig"))
    except (OSError, UnicodeDecodeError, ValueError):
        return None


@contextmanager
def _kept(folder: Path, origin: Origin, seed: int) -> Iterator[None]:
    """Keep the folder of a mutation that fails, and say how to repeat it."""
    try:
        yield
    except BaseException as error:
        kept = KEPT / f"{origin.file.stem}_{seed}"
        shutil.copytree(folder, kept, dirs_exist_ok=True)
        error.add_note(f"seed {seed}, from {origin.file.relative_to(ROOT)}, kept as {kept.relative_to(ROOT)}")
        raise


@pytest.mark.parametrize("batch", range(-(-COUNT // BATCH)), ids=lambda batch: f"seed{SEED + batch * BATCH}")
def test_no_mutation_gives_a_traceback(batch: int, tmp_path: Path) -> None:
    sources = origins()
    for seed in range(SEED + batch * BATCH, SEED + min(COUNT, (batch + 1) * BATCH)):
        origin = random.Random(seed).choice(sources)
        folder = tmp_path / "beamline"
        if origin.folder is None:
            folder.mkdir()
            damaged = folder / origin.file.name
        else:
            shutil.copytree(origin.folder, folder, ignore=shutil.ignore_patterns("*.py*", "__pycache__"))
            damaged = folder / origin.file.relative_to(origin.folder)
        damaged.write_bytes(mutate(seed, origin.file.read_bytes().decode()).encode(errors="surrogatepass"))
        entry = folder / origin.entry if origin.entry else damaged
        with _kept(folder, origin, seed):
            check([entry] if entry == damaged else [entry, damaged], by_command=seed % BY_COMMAND == 0)
        shutil.rmtree(folder)


def test_what_failed_once_does_not_fail_again() -> None:
    for folder in sorted(path for path in KEPT.glob("*") if path.is_dir()):
        for file in sorted(folder.rglob("*.yaml")):
            try:
                check([file], by_command=True)
            except BaseException as error:
                error.add_note(str(file.relative_to(ROOT)))
                raise
