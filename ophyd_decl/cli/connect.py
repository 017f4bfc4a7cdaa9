"""`connect`: check a beamline against the running control system."""

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import ReportError
from .completion import complete_selector
from .options import (
    beamline_options,
    common_options,
    format_option,
    pair,
    path_argument,
    read_only_option,
    timeout_option,
)
from .outcome import CONTROL_SYSTEM, end, show_stack, wants_color
from .running import run, until

if TYPE_CHECKING:
    from ..session.beamline import Beamline
    from ..tools.record_names import RecordName

#: How often `--wait` looks again, and progress is drawn.
_LOOK_AGAIN_S = 1.0
_DRAW_S = 0.1


def _record_names(context: click.Context, parameter: click.Parameter, values: tuple[str, ...]) -> "list[RecordName]":
    """Read the files of `--db`; say what they do not tell."""
    from ..tools.record_names import has_macro, record_names

    found: list[RecordName] = []
    for value in values:
        file, *pairs = value.split(",")
        macros = dict(pair(text, parameter) for text in pairs)
        try:
            names = record_names(Path(file), macros)
        except OSError as error:
            raise click.BadParameter(f"{error.strerror}: {error.filename}", param=parameter) from None
        open_ended = [record.name for record in names if has_macro(record.name)]
        if open_ended or not names:
            said = f"no value for the macros of {open_ended[0]}; write {file},NAME=VALUE" if names else "no names"
            click.echo(f"warning: {file}: {said}", err=True)
        found.extend(record for record in names if not has_macro(record.name))
    return found


@click.command(
    "connect",
    epilog="""\b
Examples:
  ophyd-decl connect beamlines/i99
  ophyd-decl connect beamlines/i99 --only label:detectors --timeout 2 --format json
  ophyd-decl connect beamlines/i99 --db ioc/motors.substitutions --db ioc/camera.db,P=BL99I:
""",
)
@path_argument
@timeout_option
@click.option("--wait", is_flag=True, help="Go on until every required device is usable, or Ctrl-C.")
@click.option(
    "--only",
    multiple=True,
    metavar="SELECTOR",
    shell_complete=complete_selector,
    help="A path, a path with *, or label:NAME; repeatable.",
)
@click.option(
    "--db",
    "databases",
    multiple=True,
    metavar="FILE[,NAME=VALUE...]",
    callback=_record_names,
    help="EPICS database, substitutions or list of names, with macros: compared with what does not answer; repeatable.",
)
@format_option
@read_only_option
@beamline_options
@common_options
def command(
    path: Path,
    timeout: float | None,
    wait: bool,
    only: tuple[str, ...],
    databases: "list[RecordName]",
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Connect every device, compare the servers with the files, and report what differs or is absent.

    Exit code 3 if a required device is not usable; an optional one only warns.
    """
    from ..session.load import load_beamline
    from .finding import named

    beamline = load_beamline(path, profile=profile, set=overrides)
    named(beamline, only, "--only")

    reached: list[Any] = []

    async def connect() -> None:
        try:
            async with _progress(beamline):
                await beamline.aconnect(timeout, only=only or None)
                await beamline.pick_updates(timeout, only=only or None)
                if wait:
                    await until(lambda: _chosen(beamline.report, beamline, only).ok, _LOOK_AGAIN_S)
        finally:
            reached.append(_chosen(beamline.report, beamline, only))
            await beamline.aclose()

    try:
        run(connect)
    except KeyboardInterrupt:
        if wait:  # whoever has waited wants to know for what
            _show(reached[0], databases, output)
        raise
    _show(reached[0], databases, output)
    if not reached[0].ok:
        _show_stacks(reached[0])
        end(CONTROL_SYSTEM)


def _show(report: Any, databases: "list[RecordName]", output: str) -> None:
    """Print a report."""
    from .report_text import report_json, report_text

    if databases:
        from ..tools.name_hints import with_hints

        report = with_hints(report, databases)
    if output == "json":
        click.echo(json.dumps(report_json(report), indent=2, ensure_ascii=False, default=str))
    else:
        click.echo(report_text(report, color=wants_color(sys.stdout)))


def _show_stacks(report: Any) -> None:
    """Print the stack of what says that a device is not usable, and of the failure of all, with `--debug`."""
    for device in report.devices:
        for problem in device.problems:
            show_stack(problem.error)
    try:
        report.or_raise()
    except ReportError as error:
        show_stack(error)


def _chosen(report: Any, beamline: "Beamline", only: tuple[str, ...]) -> Any:
    """Return the part of a report that `--only` names."""
    if not only:
        return report
    from ..session.report import Report
    from .finding import device_name

    names = {device_name(node) for selector in only for node in beamline._find(selector)}
    devices = [device for device in report.devices if device.name in names]
    return Report(report.beamline, report.profile, report.elapsed_s, devices)


@contextlib.asynccontextmanager
async def _progress(beamline: "Beamline") -> AsyncGenerator[None]:
    """Show how many signals are connected while the block runs; on a terminal only."""
    if not sys.stderr.isatty():
        yield
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn("connecting {task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        bar = progress.add_task(beamline.name, total=beamline.report.signals)

        def draw() -> bool:
            report = beamline.report
            progress.update(bar, completed=report.connected, total=report.signals)
            return False

        drawing = asyncio.create_task(until(draw, _DRAW_S))
        try:
            yield
        finally:
            drawing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await drawing
