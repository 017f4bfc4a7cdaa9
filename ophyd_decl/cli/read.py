"""`read`: read signals once."""

import json
from pathlib import Path
from typing import Any

import click

from ..errors import SignalError
from .completion import complete_signal
from .options import beamline_options, common_options, format_option, path_argument, read_only_option, timeout_option
from .outcome import CONTROL_SYSTEM, end, show_failures


@click.command(
    "read",
    epilog="""\b
Examples:
  ophyd-decl read beamlines/i99 x counter
  ophyd-decl read beamlines/i99 'counter.*' --format json
""",
)
@path_argument
@click.argument("signals", nargs=-1, required=True, metavar="SIGNAL...", shell_complete=complete_signal)
@timeout_option
@format_option
@read_only_option
@beamline_options
@common_options
def command(
    path: Path,
    signals: tuple[str, ...],
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Read each SIGNAL once, freshly, and show value, unit, alarm and time.

    A device that can be moved shows where it is, any other all its signals. Exit code 3 if one gives no value.
    """
    from ..session.load import load_beamline
    from .finding import named, readable_signals
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    nodes = named(beamline, signals)

    async def read() -> tuple[list[dict[str, Any]], list[SignalError]]:
        async with connected(beamline, nodes, timeout):
            return await readings_of(beamline, readable_signals(nodes))

    readings, failures = run(read)
    if output == "json":
        click.echo(json.dumps({"readings": readings}, indent=2, ensure_ascii=False))
    else:
        width = max((len(reading["path"]) for reading in readings), default=0)
        for reading in readings:
            click.echo(line(reading, width))
    show_failures(failures)
    if failures:
        end(CONTROL_SYSTEM)


async def readings_of(beamline: Any, signals: dict[str, Any]) -> tuple[list[dict[str, Any]], list[SignalError]]:
    """Return a reading for each signal in the form of `read --format json`, and what failed."""
    from ..session.hosted_member import HostedMember

    outcomes = await beamline.read_many([path for path, one in signals.items() if not isinstance(one, HostedMember)])
    readings: list[dict[str, Any]] = []
    failures: list[SignalError] = []
    for path, signal in signals.items():
        try:
            outcome = outcomes[path] if path in outcomes else next(iter((await signal.read()).values()))
            if isinstance(outcome, SignalError):
                raise outcome
            readings.append(reading_of(path, signal, outcome, await units_of(signal)))
        except SignalError as error:
            failures.append(error)
    return readings, failures


def reading_of(path: str, signal: Any, document: dict[str, Any], units: str | None) -> dict[str, Any]:
    """Return one reading in the form of `read --format json`; ophyd tells no severity of an alarm."""
    from .values import plain

    return {
        "path": path,
        "name": signal.name,
        "value": plain(document["value"]),
        "timestamp": document["timestamp"],
        "alarm_severity": document.get("alarm_severity"),
        "units": units,
    }


async def units_of(signal: Any) -> str | None:
    """Return the unit of a connected signal."""
    data_key = next(iter((await signal.describe()).values()))
    return data_key.get("units") or None


def line(reading: dict[str, Any], width: int) -> str:
    """Return one reading as text."""
    from .values import ALARMS, text, time_text

    shown = text(reading["value"], reading["units"])
    alarm = ALARMS.get(reading["alarm_severity"], f"alarm severity {reading['alarm_severity']}")
    return f"{reading['path']:{width}}  {shown:24}  {time_text(reading['timestamp'])}  {alarm}".rstrip()
