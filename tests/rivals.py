"""Environments of their own for rivals, made once in each checkout, so that they never share ours."""

import fcntl
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).parents[1] / ".rivals"
#: One environment for all that stands on ophyd-async, so that they are compared on the same version of it.
OPHYD_ASYNC = ("ophyd-async[ca,pva,sim,tango]==0.21.3", "bluesky", "guarneri==0.5.0", "happi==3.0.1")
#: What reads EPICS beside us, over both protocols.
EPICS = ("ophyd-async[ca,pva]==0.21.3", "ophyd==1.11.2", "pyepics==3.5.9")
#: Both libraries whose devices a beamline can host, of the versions that the documents name.
HOSTED = ("ophyd-async[ca,pva]==0.21.3", "ophyd==1.11.2", "pyepics==3.5.9")
_INSTALL_TIMEOUT_S = 600


class RivalUnavailableError(RuntimeError):
    """The packages of a rival cannot be installed here."""


def ophyd_async() -> Path:
    """Return the interpreter of the environment with ophyd-async, guarneri and happi.

    :raises RivalUnavailableError: if they cannot be installed.
    """
    return rival("ophyd-async", *OPHYD_ASYNC)


def rival(name: str, *requirements: str, base: str = sys.executable) -> Path:
    """Return the interpreter of an environment with these packages, made if it is not there.

    :param base: interpreter that the environment is made from.
    :raises RivalUnavailableError: if they cannot be installed.
    """
    folder = FOLDER / name
    python = folder / "bin" / "python"
    marker = folder / "complete"
    wanted = "\n".join(requirements)
    FOLDER.mkdir(exist_ok=True)
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # another process of the tests may be making it
        if marker.exists() and marker.read_text() == wanted:
            return python
        subprocess.run([base, "-m", "venv", "--clear", str(folder)], check=True, capture_output=True)
        install = [str(python), "-m", "pip", "install", "--quiet", "--no-cache-dir", *requirements]
        done = subprocess.run(install, capture_output=True, text=True, timeout=_INSTALL_TIMEOUT_S, check=False)
        if done.returncode:
            raise RivalUnavailableError(f"{name} cannot be installed: {done.stderr[-500:]}")
        marker.write_text(wanted)
    return python
