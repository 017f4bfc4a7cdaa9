"""What connecting, reading, writing, events and scanning cost on Tango, beside others on the same attributes.

    python -m tests.benchmarks.tango [--attributes 1000] [--repeats 5] [--minutes 3.5] [--into FILE] [--json FILE]

One server without a database serves ten devices on loopback, and pushes change events. The peers are pytango alone, as
one would write it by hand who knows it well (one call for each device, in threads), ophyd-async and this package, which
sees the attributes as devices of a beamline file. To connect, pytango and this package ask for the configuration of the
same attributes, with one call for each device, and read no value; what this package does beside that is timed too. The
others live in an environment of their own below `.rivals/`, installed once with pip. `rounds` says how they take turns.

The table is written between its marks in docs/explanations/speed.md; bounds hold or not, and nothing fails where one
does not.
"""

import argparse
import sys
from collections.abc import Sequence

from .posting_servers import PostingTango
from .programs.wire.tango_names import DEVICES
from .rounds import Benchmark, add_options, measure, publish, serving
from .wire_table import TANGO_LINES, TANGO_MARKS, rows_of

_DEFAULTS = {
    "monitors": 100, "rate": 2_000, "seconds": 2.0, "calls": 200, "points": 100, "repeats": 5, "minutes": 3.5,
}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print the table, write it into the document."""
    options = _options(arguments)
    with serving(lambda folder: PostingTango(folder, options.attributes), "tango") as (server, folder):
        measured, repetitions = measure(benchmarks(options), ["tango"], server, folder, options)
    what = (
        f"{options.attributes} attributes of {DEVICES} devices, half of them read, events of {options.monitors} "
        f"at {options.rate} updates/s, scans of {options.points} points. Medians of {repetitions}."
    )
    publish(rows_of(measured, ["tango"], TANGO_LINES), what, ("pytango", "bluesky"), TANGO_MARKS, options)
    return 0


def benchmarks(options: argparse.Namespace) -> list[Benchmark]:
    """Return what is measured, in the order in which it is."""
    return [
        Benchmark("connect", options.attributes, turns=5),
        Benchmark("read_all", options.attributes // 2, options.calls // 4),
        Benchmark("read_one", 1, options.calls),
        Benchmark("put_one", 1, options.calls),
        Benchmark("monitor", options.monitors, posted=True),
        Benchmark("scan_signals", 12, options.points),
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.tango", description=__doc__.split("\n")[0])
    parser.add_argument("--attributes", type=int, default=1000, help="how many the server has  [default: 1000]")
    add_options(parser, _DEFAULTS)
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
