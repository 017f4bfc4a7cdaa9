"""What connecting, reading, writing, monitoring and scanning cost, beside others on the same records in the same run.

    python -m tests.benchmarks.wire [--records 1000] [--repeats 5] [--minutes 8] [--into FILE] [--json FILE]

One soft IOC serves the records over Channel Access and pvAccess on loopback. The peers are, for each protocol, the
client library alone (aioca, p4p with asyncio), ophyd-async and this package, which sees the records as devices of a
beamline file. The others live in an environment of their own below `.rivals/`, installed once with pip.

Every (peer, benchmark, repetition) is a fresh process. The order is repetition, benchmark, protocol, peer, so rivals
run next to each other: machines are noisy, and what can be relied on are ratios of medians. No repetition is begun
that would end after the minutes that it may take. CPU is that of all threads of the process by `getrusage`.

The table is written between its marks in docs/explanations/speed.md; bounds hold or not, and nothing fails where one
does not.
"""

import argparse
import json
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

from tests.rivals import ophyd_async
from tests.servers import environment

from .posting_ioc import PREFIX, PostingIoc
from .processes import environment as variables
from .processes import run
from .wire_table import DEVICES, OURS, PROTOCOLS, RAW, put_between, rows_of, show

ROOT = Path(__file__).parents[2]
PROGRAM = Path(__file__).parent / "programs" / "wire" / "measure.py"
DOCUMENT = ROOT / "docs" / "explanations" / "speed.md"


@dataclass(frozen=True)
class Benchmark:
    """One function of `programs/wire/measure.py`.

    :param records: how many it uses.
    :param repeats: how often it does something in one process.
    :param posted: whether values are posted while it runs.
    """

    name: str
    records: int
    repeats: int = 1
    posted: bool = False

    def peers(self, protocol: str) -> Iterator[str]:
        """Yield who takes part: a client library has nothing that can be scanned."""
        if not self.name.startswith("scan"):
            yield RAW[protocol]
        yield from (OURS, DEVICES)


Key = tuple[str, str, str]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it into the document."""
    options = _options(arguments)
    environment.apply()
    try:
        with tempfile.TemporaryDirectory(prefix="wire-") as folder:
            ioc = PostingIoc(Path(folder), options.records)
            try:
                ioc.start()
                measured, repetitions = measure(benchmarks(options), ioc, folder, options)
            finally:
                ioc.close()
    finally:
        environment.release()
    rows = rows_of(measured)
    head = (
        f"{time.strftime('%d %B %Y')}, {machine()}. {options.records} records, monitors of {options.monitors} of them "
        f"at {options.rate} updates/s, scans of {options.points} points. Medians of {repetitions}."
    )
    table = f"{head}\n\n{show(rows)}"
    print(table)
    options.into.write_text(put_between(options.into.read_text(), table))
    if options.json is not None:
        options.json.write_text(json.dumps({"repetitions": repetitions, "rows": [asdict(row) for row in rows]}) + "\n")
    return 0


def benchmarks(options: argparse.Namespace) -> list[Benchmark]:
    """Return what is measured, in the order in which it is."""
    return [
        Benchmark("connect", options.records),
        Benchmark("absent", options.records),
        Benchmark("read_all", options.records, options.calls // 40),
        Benchmark("read_one", 1, options.calls),
        Benchmark("put_one", 1, options.calls),
        Benchmark("put_all", options.records, options.calls // 40),
        Benchmark("monitor", options.monitors, posted=True),
        Benchmark("scan_signals", 12, options.points),
        Benchmark("scan_motors", 12, options.points),
    ]


def measure(
    benchmarks: Sequence[Benchmark], ioc: PostingIoc, folder: str, options: argparse.Namespace
) -> tuple[dict[Key, dict[str, float]], int]:
    """Run every peer of every benchmark once in each repetition.

    :param folder: for temporary files of the programs.
    :returns: medians by protocol, benchmark and peer, and of how many repetitions they are.
    """
    python = {OURS: sys.executable}
    rivals = str(ophyd_async())
    known = variables([ROOT]) | ioc.client_environment | {"TMPDIR": folder}
    figures: dict[Key, list[dict[str, float]]] = {}

    def post() -> int:
        return ioc.post(options.monitors, options.seconds, options.rate)

    def repetition() -> None:
        for benchmark in benchmarks:
            posted: Callable[[], int] | None = post if benchmark.posted else None
            for protocol in PROTOCOLS:
                for peer in benchmark.peers(protocol):
                    what = (peer, protocol, benchmark.name, PREFIX, str(benchmark.records), str(benchmark.repeats))
                    done = run((python.get(peer, rivals), str(PROGRAM), *what), known, posted)
                    said = dict(done.said) | {"process_wall_s": done.wall_s, "process_cpu_s": done.cpu_s}
                    figures.setdefault((protocol, benchmark.name, peer), []).append(said)

    repetitions = repeat(repetition, options.repeats, options.minutes * 60)
    medians = {
        key: {name: statistics.median(one[name] for one in several) for name in several[0]}
        for key, several in figures.items()
    }
    return medians, repetitions


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


def machine() -> str:
    """Return on what was measured, without its name."""
    packages = ", ".join(f"{name} {version(name)}" for name in ("aioca", "p4p", "bluesky", "epicscorelibs"))
    return (
        f"{platform.system()} {platform.machine()}, Python {platform.python_version()}, {packages}, ophyd-async 0.21.3"
    )


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire", description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1000, help="how many the IOC serves")
    parser.add_argument("--monitors", type=int, default=100, help="how many of them are monitored")
    parser.add_argument("--rate", type=int, default=20_000, help="updates of all together, in 1/s")
    parser.add_argument("--seconds", type=float, default=2.0, help="for how long they come")
    parser.add_argument("--calls", type=int, default=200, help="how often one value is read and put in one process")
    parser.add_argument("--points", type=int, default=100, help="of a scan")
    parser.add_argument("--repeats", type=int, default=5, help="how often each program runs")
    parser.add_argument("--minutes", type=float, default=8.0, help="no repetition is begun that would end later")
    parser.add_argument("--into", type=Path, default=DOCUMENT, metavar="FILE", help="where the table is written")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
