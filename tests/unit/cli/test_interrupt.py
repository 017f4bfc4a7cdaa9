"""Ctrl-C ends a command with 130, whatever Python was doing."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[3]
PROGRAM = '''
import sys
from ophyd_decl.cli.outcome import guard

def command():
    exec("""
import os, signal
os.kill(os.getpid(), signal.SIGINT)
for _ in range(1_000_000):
    pass
""")

sys.exit(guard(command, debug=False))
'''


def test_while_it_runs_code_from_a_text_as_an_import_does(tmp_path: Path) -> None:
    (tmp_path / "interrupted.py").write_text(PROGRAM)
    done = subprocess.run(
        [sys.executable, "-m", "interrupted"], cwd=tmp_path, env=os.environ | {"PYTHONPATH": str(ROOT)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stderr) == (130, "")
