"""`validate` stays quick and repeatable: nothing heavy is imported, and no order depends on a hash."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
GOLDEN = HERE.parent / "golden"
HEAVY = ("numpy", "bluesky", "event_model", "aioca", "p4p", "epicscorelibs", "tango", "rich", "matplotlib", "IPython")
SHIPPED = sorted(
    file
    for folder in (ROOT / "beamlines", ROOT / "ophyd_decl" / "demo")
    if folder.exists()
    for file in folder.rglob("beamline.yaml")
)
_IMPORTS = f"""
import sys
from ophyd_decl.cli import main
try:
    main(["validate", *sys.argv[1:]])
except SystemExit as ended:
    code = ended.code
print("imported:", *sorted({HEAVY!r} & sys.modules.keys()))
raise SystemExit(code)
""".replace(f"{HEAVY!r}", f"set({HEAVY!r})")
_ORDER = """
import sys
from ophyd_decl.compile import compile_paths
from ophyd_decl.source.frames import render_text
for path in sys.argv[1:]:
    compiled = compile_paths([path])
    print(compiled.blueprint)
    print(render_text(compiled.diagnostics))
"""


def run(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a program with the package of this checkout."""
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize("file", [*SHIPPED, GOLDEN / "valid" / "design"], ids=lambda file: str(file.relative_to(ROOT)))
def test_validate_imports_nothing_heavy(file: Path) -> None:
    done = run(_IMPORTS, str(file))
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.splitlines()[-1] == "imported:"


def test_blueprints_and_messages_do_not_depend_on_hashes() -> None:
    paths = [str(path) for path in (*SHIPPED, GOLDEN / "valid" / "design", *sorted(GOLDEN.glob("invalid/*.yaml")))]
    answers = set[str]()
    for seed in range(1, 6):
        done = run(_ORDER, *paths, PYTHONHASHSEED=str(seed))
        assert done.returncode == 0, done.stderr
        answers.add(done.stdout)
    assert len(answers) == 1
