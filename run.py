"""Run a command of this checkout in a virtual environment of its own: `python3 run.py ophyd-decl demo`.

Needs Python 3.11 with venv and pip, and nothing else. The environment is `.venv` beside this file. It is made at the
first run, brought up to date when `pyproject.toml`, the checkout's place or the interpreter have changed, and else
used as it is, without asking the network. The project is installed editable: what runs is what stands in the checkout.

`ophyd-decl` runs in the current folder; `pytest` and the other tools of development, which are installed only when
one of them is asked for, run in the checkout. Nothing needs a HOME that can be written.
"""

import hashlib
import json
import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
STAMP = ENVIRONMENT / "installed.json"
SCRIPTS = ENVIRONMENT / "bin"
#: Commands that do with the extra `demo`; whatever else is asked for comes with the extra `dev`, which contains it.
FOR_USERS = ("ophyd-decl", "ipython", "python")


def main(arguments: list[str]) -> int:
    """Bring the environment up to date and become the command."""
    if not arguments or arguments[0].startswith("-"):
        print("usage: python3 run.py COMMAND [ARGUMENT...], such as `ophyd-decl demo` or `pytest`", file=sys.stderr)
        return 2
    if sys.version_info < (3, 11):
        print(f"run.py needs Python 3.11 or newer; this is {sys.version.split()[0]}", file=sys.stderr)
        return 2
    command = arguments[0]
    # These would put other packages before those of the environment.
    for name in ("PYTHONHOME", "PYTHONPATH"):
        os.environ.pop(name, None)
    try:
        prepare("demo" if command in FOR_USERS else "dev")
    except subprocess.CalledProcessError as error:
        print(f"could not install the project: pip ended with {error.returncode}, see above", file=sys.stderr)
        return 1
    if not (SCRIPTS / command).exists():
        print(f"{SCRIPTS} has no command `{command}`", file=sys.stderr)
        return 2
    if command not in FOR_USERS:
        os.chdir(ROOT)
    os.environ["VIRTUAL_ENV"] = str(ENVIRONMENT)
    os.environ["PATH"] = f"{SCRIPTS}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    os.execv(SCRIPTS / command, arguments)


def prepare(extra: str) -> None:
    """Make sure that the environment holds the project with this extra, as `pyproject.toml` now says."""
    basis = {
        "place": str(ROOT),
        "python": f"{sys.version} {os.path.realpath(sys.executable)}",
        "project": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
    }
    made = read_stamp()
    extras = made.pop("extras", []) if isinstance(made.get("extras"), list) else []
    if made == basis and (extra in extras or "dev" in extras):
        return
    print(f"installing ophyd-decl[{extra}] in {ENVIRONMENT}", file=sys.stderr, flush=True)
    # An environment does not survive a move or another interpreter; one of a changed project is worth keeping.
    stale = {key for key in ("place", "python") if made.get(key) != basis[key]}
    venv.create(ENVIRONMENT, symlinks=True, with_pip=True, clear=bool(made and stale))
    wanted = sorted({extra, *(name for name in extras if not stale)})
    STAMP.unlink(missing_ok=True)
    pip = [str(SCRIPTS / "python"), "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    subprocess.run([*pip, "--editable", f"{ROOT}[{','.join(wanted)}]"], check=True, stdout=sys.stderr)
    STAMP.write_text(json.dumps({**basis, "extras": wanted}))


def read_stamp() -> dict[str, object]:
    """Return what was written after the last installation that went well, or nothing."""
    try:
        stamp = json.loads(STAMP.read_text())
    except (OSError, ValueError):
        return {}
    return stamp if isinstance(stamp, dict) else {}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
