"""Rounds of a benchmark beside others: fresh processes that take turns, medians of them, and the table of it.

Every (peer, benchmark, repetition) is a fresh process. The order is repetition, benchmark, protocol, peer, so rivals
run next to each other: machines are noisy, and what can be relied on are ratios of medians. No repetition is begun
that would end after the minutes that it may take. CPU is that of all threads of the process by `getrusage`.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from tests.rivals import ophyd_async
from tests.servers import environment

from .posting_servers import PostingServer
from .processes import environment as variables
from .processes import run
from .wire_table import DEVICES, OURS, RAW, Marks, Row, put_between, show

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "programs" / "wire" / "measure.py"
DOCUMENT = ROOT / "docs" / "explanations" / "speed.md"


@dataclass(frozen=True)
class Benchmark:
    """One function of `programs/wire/measure.py`.

    :param records: how many records or attributes it uses.
    :param repeats: how often it does something in one process.
    :param posted: whether values are posted while it runs.
    :param turns: of each peer in one repetition; more than one where a process measures little.
    """

    name: str
    records: int
    repeats: int = 1
    posted: bool = False
    turns: int = 1

    def peers(self, protocol: str) -> Iterator[str]:
        """Yield who takes part: a client library has nothing that can be scanned."""
        if not self.name.startswith("scan"):
            yield RAW[protocol]
        yield from (OURS, DEVICES)


Key = tuple[str, str, str]
#: The figure of what goes wrong now and then.
RARE = "wrong"


@contextmanager
def serving(make: Callable[[Path], PostingServer], name: str) -> Iterator[tuple[PostingServer, str]]:
    """Give a server that runs meanwhile, and a folder for temporary files; set the environment for both before.

    :param make: makes the server in a folder.
    """
    environment.apply()
    try:
        with tempfile.TemporaryDirectory(prefix=f"{name}-") as folder:
            server = make(Path(folder))
            try:
                server.start()
                yield server, folder
            finally:
                server.close()
    finally:
        environment.release()


def measure(
    benchmarks: Sequence[Benchmark],
    protocols: list[str],
    server: PostingServer,
    folder: str,
    options: argparse.Namespace,
) -> tuple[dict[Key, dict[str, float]], int]:
    """Run every peer of every benchmark once in each repetition.

    :param server: runs, and has what they use.
    :param folder: for temporary files of the programs.
    :param options: `monitors`, `seconds` and `rate` of what is posted; at most `repeats` within `minutes`; `only`.
    :returns: medians by protocol, benchmark and peer, and of how many repetitions they are; of what is rare the mean.
    """
    python = {OURS: sys.executable}
    rivals = str(ophyd_async())
    known = variables([ROOT]) | server.client_environment | {"TMPDIR": folder}
    figures: dict[Key, list[dict[str, float]]] = {}
    wanted = [benchmark for benchmark in benchmarks if benchmark.name in options.only or not options.only]

    def post() -> int:
        return server.post(options.monitors, options.seconds, options.rate)

    def repetition() -> None:
        for benchmark in wanted:
            posted: Callable[[], int] | None = post if benchmark.posted else None
            for protocol in protocols * benchmark.turns:
                for peer in benchmark.peers(protocol):
                    size, repeats = str(benchmark.records), str(benchmark.repeats)
                    what = (peer, protocol, benchmark.name, server.prefix, size, repeats)
                    done = run((python.get(peer, rivals), str(PROGRAM), *what), known, posted)
                    said = dict(done.said) | {"process_wall_s": done.wall_s, "process_cpu_s": done.cpu_s}
                    figures.setdefault((protocol, benchmark.name, peer), []).append(said)

    repetitions = repeat(repetition, options.repeats, options.minutes * 60)
    medians = {
        key: {name: _middle(name, [one[name] for one in several]) for name in several[0]}
        for key, several in figures.items()
    }
    return medians, repetitions


def _middle(name: str, figures: Sequence[float]) -> float:
    """Return the median of a figure; of what goes wrong now and then the mean, since the median of that is nothing."""
    return statistics.fmean(figures) if name == RARE else statistics.median(figures)


def repeat(action: Callable[[], None], times: int, within_s: float) -> int:
    """Do something several times, but do not begin what would not end in time; return how often it was done.

    The first time is always done.
    """
    started, longest_s = time.monotonic(), 0.0
    for done in range(times):
        begun = time.monotonic()
        if done and begun - started + longest_s > within_s:
            return done
        action()
        longest_s = max(longest_s, time.monotonic() - begun)
    return times


def publish(rows: Sequence[Row], what: str, packages: Sequence[str], marks: Marks, options: argparse.Namespace) -> None:
    """Print the table, and write it between its marks.

    :param what: how much was measured, in words.
    :param packages: whose versions are told.
    :param options: `into`, the document; `json`, a file for the figures, or None.
    """
    head = f"{time.strftime('%d %B %Y')}, {machine(packages)}. {what}"
    table = f"{head}\n\n{show(rows)}"
    print(table)
    options.into.write_text(put_between(options.into.read_text(), table, marks))
    if options.json is not None:
        options.json.write_text(json.dumps({"rows": [asdict(row) for row in rows]}) + "\n")


def machine(packages: Sequence[str]) -> str:
    """Return on what was measured, without its name."""
    known = ", ".join(f"{name} {version(name)}" for name in packages)
    return f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {known}, ophyd-async 0.21.3"


def add_options(parser: argparse.ArgumentParser, defaults: Mapping[str, float]) -> None:
    """Add what every benchmark of a control system can be told."""

    def number(name: str, kind: Callable[[str], float], text: str) -> None:
        parser.add_argument(f"--{name}", type=kind, default=defaults[name], help=f"{text}  [default: {defaults[name]}]")

    number("monitors", int, "how many are monitored")
    number("rate", int, "updates of all together, in 1/s")
    number("seconds", float, "for how long they come")
    number("calls", int, "how often one value is read and put in one process")
    number("points", int, "of a scan")
    number("repeats", int, "how often each program runs")
    number("minutes", float, "no repetition is begun that would end later")
    parser.add_argument("--only", nargs="*", default=[], metavar="NAME", help="of the benchmarks  [default: all]")
    parser.add_argument("--into", type=Path, default=DOCUMENT, metavar="FILE", help="where the table is written")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
