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
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

_TIMEOUT_S = 600.0
RESULT = "RESULT "


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


def run(command: Sequence[str], environment: Mapping[str, str]) -> Figures:
    """Run a program to its end.

    :raises BenchmarkError: if it fails, or takes more than ten minutes.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        start = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=errors, env=environment)
        killer = threading.Timer(_TIMEOUT_S, process.kill)
        killer.start()
        try:
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
