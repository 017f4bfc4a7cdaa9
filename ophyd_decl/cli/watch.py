"""`watch`: print signals as they change."""

import asyncio
import json
from pathlib import Path
from typing import Any

import click

from .completion import complete_signal
from .options import beamline_options, common_options, format_option, path_argument, timeout_option


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
    from .finding import device_name, named, readable_signals
    from .read import line, reading_of, units_of
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    wanted = list(dict.fromkeys(s for node in named(beamline, signals) for s in readable_signals(node)))
    width = max(len(signal.path) for signal in wanted)

    async def watch() -> None:
        async with connected(beamline, list(dict.fromkeys(map(device_name, wanted))), timeout):
            updates: asyncio.Queue[tuple[Any, dict[str, Any]]] = asyncio.Queue()
            units = {signal: await units_of(signal) for signal in wanted}
            callbacks: list[tuple[Any, int]] = []
            try:
                for signal in wanted:
                    callbacks.append((signal, signal.subscribe(_put_into(updates, signal))))
                shown = 0
                while count is None or shown < count:
                    signal, document = await updates.get()
                    reading = reading_of(signal, document, units[signal])
                    click.echo(json.dumps(reading, ensure_ascii=False) if output == "json" else line(reading, width))
                    shown += 1
            finally:
                for signal, number in callbacks:
                    signal.clear_sub(number)

    run(watch)


def _put_into(updates: "asyncio.Queue[tuple[Any, dict[str, Any]]]", signal: Any) -> Any:
    def take(documents: dict[str, dict[str, Any]]) -> None:
        for document in documents.values():
            updates.put_nowait((signal, document))

    return take
