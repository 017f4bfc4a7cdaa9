"""`watch`: print signals as they change."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from .completion import complete_signal
from .options import beamline_options, common_options, format_option, path_argument, read_only_option, timeout_option
from .outcome import CONTROL_SYSTEM, end, show_failures


@click.command(
    "watch",
    epilog="""\b
Examples:
  ophyd-decl watch beamlines/i99 x y
  ophyd-decl watch beamlines/i99 counter.width --count 1 --format json
""",
)
@path_argument
@click.argument("signals", nargs=-1, required=True, metavar="SIGNAL...", shell_complete=complete_signal)
@click.option("--count", type=click.IntRange(min=1), help="End after this many updates.")
@timeout_option
@format_option
@read_only_option
@beamline_options
@common_options
def command(
    path: Path,
    signals: tuple[str, ...],
    count: int | None,
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Print each SIGNAL now and at every change, one line each, until Ctrl-C.

    A device that can be moved shows where it is, any other all its signals. Exit code 3 if one gives no value.
    """
    from ..session.load import load_beamline
    from .finding import named, readable_signals
    from .read import line, reading_of, readings_of, units_of
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    nodes = named(beamline, signals)

    async def watch() -> None:
        async with connected(beamline, nodes, timeout):
            wanted = readable_signals(nodes)
            width = max((len(shown) for shown in wanted), default=0)
            updates: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
            _, failures = await readings_of(beamline, wanted)
            if failures:
                show_failures(failures)
                end(CONTROL_SYSTEM)
            units = {path: await units_of(signal) for path, signal in wanted.items()}
            callbacks: list[tuple[Any, Any]] = []
            try:
                for shown, signal in wanted.items():
                    callbacks.append((signal, signal.subscribe(_put_into(updates, shown))))
                printed = 0
                while count is None or printed < count:
                    shown, document = await updates.get()
                    reading = reading_of(shown, wanted[shown], document, units[shown])
                    click.echo(json.dumps(reading, ensure_ascii=False) if output == "json" else line(reading, width))
                    printed += 1
            finally:
                for signal, number in callbacks:
                    signal.clear_sub(number)

    run(watch)


def _put_into(updates: "asyncio.Queue[tuple[str, dict[str, Any]]]", path: str) -> Any:
    def take(documents: dict[str, dict[str, Any]]) -> None:
        for document in documents.values():
            updates.put_nowait((path, document))

    return take
