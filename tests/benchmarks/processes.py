"""Runs one program in a fresh process and says what it cost.

CPU and peak memory are those that the kernel counted for the process (`wait4`), so they include its start and all its
threads. Linux counts the memory of the parent, too, until the program is loaded: whatever starts a measured process
must stay small itself.
"""

import json
import os
import statistics
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

_TIMEOUT_S = 600.0
_LOOK_S = 0.01
RESULT = "RESULT "
READY = "READY"


class BenchmarkError(RuntimeError):
    """A program that was to be measured failed."""


@dataclass(frozen=True)
class Figures:
    """What a process cost.

    :param cpu_s: of all its threads, user and system.
    :param said: figures that the program itself wrote.
    """

    cpu_s: float
    wall_s: float
    rss_mb: float
    said: Mapping[str, float] = field(default_factory=dict[str, float])


def run(
    command: Sequence[str], environment: Mapping[str, str], when_ready: Callable[[], object] | None = None
) -> Figures:
    """Run a program to its end.

    :param when_ready: called when it has written READY; it is then told what that returned.
    :raises BenchmarkError: if it fails, or takes more than ten minutes.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        talks = subprocess.DEVNULL if when_ready is None else subprocess.PIPE
        process = subprocess.Popen(command, stdin=talks, stdout=output, stderr=errors, env=environment, text=True)
        killer = threading.Timer(_TIMEOUT_S, process.kill)
        killer.start()
        try:
            if when_ready is not None and process.stdin is not None:
                with process.stdin as told:
                    if _says_ready(process, output):
                        told.write(f"{when_ready()}\n")
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            raise
        finally:
            killer.cancel()
        wall_s = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        text = output.read()
        if process.returncode:
            raise BenchmarkError(f"{' '.join(command)} ended with {process.returncode}:\n{text}{errors.read()}")
    lines = [line.removeprefix(RESULT) for line in text.splitlines() if line.startswith(RESULT)]
    said = json.loads(lines[-1]) if lines else {}
    return Figures(usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024, said)


def _says_ready(process: subprocess.Popen[str], output: IO[str]) -> bool:
    """Wait until it has written READY; False if it ends before."""
    while f"{READY}\n".encode() not in os.pread(output.fileno(), 4096, 0):
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return False
        time.sleep(_LOOK_S)
    return True


def median(figures: Sequence[Figures]) -> Figures:
    """Return the median of each figure."""
    said = {name: statistics.median(one.said[name] for one in figures) for name in figures[0].said}
    return Figures(
        statistics.median(one.cpu_s for one in figures),
        statistics.median(one.wall_s for one in figures),
        statistics.median(one.rss_mb for one in figures),
        said,
    )


def environment(paths: Sequence[Path]) -> dict[str, str]:
    """Return the variables of a measured process: those of this one, with compiled modules kept.

    :param paths: where it finds modules besides those that are installed.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "VIRTUAL_ENV"))}
    return kept | {"PYTHONPATH": os.pathsep.join(map(str, paths))}
