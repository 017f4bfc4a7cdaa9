"""What connecting, reading, writing, monitoring and scanning cost on EPICS, beside others on the same records.

    python -m tests.benchmarks.wire [--records 1000] [--repeats 5] [--minutes 8] [--into FILE] [--json FILE]

One soft IOC serves the records over Channel Access and pvAccess on loopback. The peers are, for each protocol, the
client library alone (aioca, p4p with asyncio), ophyd-async and this package, which sees the records as devices of a
beamline file. The others live in an environment of their own below `.rivals/`, installed once with pip. `rounds` says
how they take turns.

The table is written between its marks in docs/explanations/speed.md; bounds hold or not, and nothing fails where one
does not.
"""

import argparse
import sys
from collections.abc import Sequence

from .posting_servers import PostingIoc
from .rounds import Benchmark, add_options, measure, publish, serving
from .wire_table import MARKS, PROTOCOLS, rows_of

_DEFAULTS = {
    "monitors": 100, "rate": 20_000, "seconds": 2.0, "calls": 200, "points": 500, "repeats": 5, "minutes": 9.0,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it into the document."""
    options = _options(arguments)
    with serving(lambda folder: PostingIoc(folder, options.records), "wire") as (ioc, folder):
        measured, repetitions = measure(benchmarks(options), PROTOCOLS, ioc, folder, options)
    what = (
        f"{options.records} records, monitors of {options.monitors} of them "
        f"at {options.rate} updates/s, scans of {options.points} points. Medians of {repetitions}."
    )
    publish(rows_of(measured), what, ("aioca", "p4p", "bluesky", "epicscorelibs"), MARKS, options)
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
        Benchmark("scan_fresh_signals", 12, options.points),
        Benchmark("scan_fresh_motors", 12, options.points),
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.wire", description=__doc__.split("\n")[0])
    parser.add_argument("--records", type=int, default=1000, help="how many the IOC serves  [default: 1000]")
    add_options(parser, _DEFAULTS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
