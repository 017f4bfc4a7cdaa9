"""Whatever is in a file, the answer is diagnostics or a beamline, never a traceback.

`OPHYD_DECL_MUTATIONS` says how many mutations are tried and `OPHYD_DECL_SEED` where they begin. A file that fails is
kept in `kept/` and tried again by every later run.
"""

import json
import os
import random
import shutil
import time
from pathlib import Path

import pytest

from ophyd_decl.errors.codes import codes
from ophyd_decl.source.frames import render_text, to_json
from tests.property.mutations import mutate

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
KEPT = HERE / "kept"
COUNT = int(os.environ.get("OPHYD_DECL_MUTATIONS", "1000"))
SEED = int(os.environ.get("OPHYD_DECL_SEED", "20261120"))
LONGEST_S = 5.0
BATCH = 100


def origins() -> list[Path]:
    """Return files to damage: every shipped one, and the golden ones; of those the valid ones four times."""
    valid = [ROOT / "ophyd_decl" / "library", ROOT / "beamlines", *[HERE.parent / "golden" / "valid"] * 4]
    folders = [*valid, HERE.parent / "golden" / "invalid"]
    files = sorted(file for folder in folders for file in folder.rglob("*.yaml"))
    return [file for file in files if _is_text(file)]


def _is_text(file: Path) -> bool:
    try:
        file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return False
    return True


def check(file: Path) -> None:
    """Validate one file, and check that the answer can be shown."""
    from ophyd_decl.compile import compile_paths

    begin = time.perf_counter()
    diagnostics = compile_paths([file]).diagnostics
    assert time.perf_counter() - begin < LONGEST_S
    known = codes()
    for diagnostic in diagnostics:
        place = diagnostic.place
        assert diagnostic.code in known
        assert diagnostic.summary
        assert place.line >= 1
        assert place.column >= 1
        assert (place.end_line, place.end_column) >= (place.line, place.column)
    render_text(diagnostics, color=True)
    json.dumps(to_json(diagnostics))


@pytest.mark.parametrize("batch", range(-(-COUNT // BATCH)))
def test_no_mutation_gives_a_traceback(batch: int, tmp_path: Path) -> None:
    files = origins()
    for seed in range(SEED + batch * BATCH, SEED + min(COUNT, (batch + 1) * BATCH)):
        origin = random.Random(seed).choice(files)
        folder = tmp_path / "beamline"
        folder.mkdir()
        for beside in origin.parent.glob("*.yaml"):
            if beside == origin or origin.parent.name != "invalid":
                shutil.copy(beside, folder)
        damaged = folder / origin.name
        text = mutate(seed, origin.read_bytes().decode())
        damaged.write_bytes(text.encode(errors="surrogatepass"))
        try:
            check(damaged)
        except Exception as error:
            KEPT.mkdir(exist_ok=True)
            kept = KEPT / f"{origin.stem}_{seed}.yaml"
            shutil.copy(damaged, kept)
            error.add_note(f"seed {seed}, from {origin.relative_to(ROOT)}, kept as {kept.relative_to(ROOT)}")
            raise
        shutil.rmtree(folder)


def test_a_file_that_failed_once_does_not_fail_again() -> None:
    for file in sorted(KEPT.glob("*.yaml")):
        try:
            check(file)
        except Exception as error:
            error.add_note(str(file.relative_to(ROOT)))
            raise
