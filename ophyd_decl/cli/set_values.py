"""`set`: write signals, move devices."""

import asyncio
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import click

from .completion import complete_assignment
from .options import beamline_options, common_options, format_option, pair, path_argument, read_only_option
from .outcome import show_stack

if TYPE_CHECKING:
    from ..devices.command import Command


@click.command(
    "set",
    epilog="""\b
Examples:
  ophyd-decl set beamlines/i99 x=1.5
  ophyd-decl set beamlines/i99 x=1.5 y=-2 counter.width=3 --timeout 10
""",
)
@path_argument
@click.argument("assignments", nargs=-1, required=True, metavar="SIGNAL=VALUE...", shell_complete=complete_assignment)
@click.option("--timeout", type=click.FloatRange(min=0, min_open=True), help="Longest time of a write or move, in s.")
@format_option
@read_only_option
@beamline_options
@common_options
def command(
    path: Path,
    assignments: tuple[str, ...],
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Write each SIGNAL, wait until it is done, and show the value before and after.

    All values are checked against dtype and limits before the first one is sent. A device that can be moved is moved.
    Several are set together. Ctrl-C stops what moves. Exit code 2 if a value does not fit the dtype, 3 if one was
    refused or did not get there.
    """
    from ..session.load import load_beamline
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    given = [_target(beamline, assignment) for assignment in assignments]

    async def change() -> list[dict[str, Any]]:
        async with connected(beamline, [node for node, _ in given], None):
            targets = [(node, await _fitting(node, value)) for node, value in given]
            for node, value in targets:
                await _check(node, value)
            before = [await _value(node) for node, _ in targets]
            await _set_all(targets, timeout)
            return [
                {"path": node.path, "name": node.name, "before": old, "after": await _value(node), "units": units}
                for (node, _), old, units in zip(
                    targets, before, [await _units(node) for node, _ in targets], strict=True
                )
            ]

    changes = run(change)
    if output == "json":
        click.echo(json.dumps({"schema": 1, "changes": changes}, indent=2, ensure_ascii=False))
        return
    from .values import text

    width = max(len(change["path"]) for change in changes)
    for made in changes:
        before, after = (text(made[key], made["units"]) for key in ("before", "after"))
        click.echo(f"{made['path']:{width}}  before {before}  after {after}")


def _target(beamline: Any, assignment: str) -> tuple[Any, Any]:
    """Return what is set, and to which value; to which text, where only the connected device knows what it means.

    :raises click.BadParameter: if there is no such thing, it cannot be set, or the value does not fit.
    """
    from ..devices.command import Command
    from ..devices.verbs import SignalR, read_only_text
    from ..session.hosted_member import HostedMember
    from .finding import named
    from .values import parse

    where, value = pair(assignment, form="SIGNAL=VALUE")
    nodes = named(beamline, [where], "SIGNAL=VALUE")
    if len(nodes) != 1:
        raise click.BadParameter(f"{where!r} names {len(nodes)} things; name one", param_hint="SIGNAL=VALUE")
    (node,) = nodes
    if isinstance(node, HostedMember):
        if node.can_be_set:
            return node, value
        raise click.BadParameter(f"{where} is nothing that can be set", param_hint="SIGNAL=VALUE")
    if not hasattr(node, "set"):
        said = read_only_text(cast("Any", node)) if isinstance(node, SignalR) else f"{where} is nothing that can be set"
        if isinstance(node, Command):
            said = _how_to_execute(where, cast(Any, node))
        raise click.BadParameter(said, param_hint="SIGNAL=VALUE")
    movable = hasattr(node, "readback_signal")
    datatype = node.setpoint_signal.datatype if movable else node.datatype
    try:
        return node, parse(value, datatype)
    except ValueError as error:
        if movable:
            return node, value  # the name of a position; the device refuses what it does not know
        raise click.BadParameter(f"{where}: {error}, not {value!r}", param_hint="SIGNAL=VALUE") from None


def _how_to_execute(where: str, command: "Command[Any, Any]") -> str:
    shape = command._shape
    if shape.argument is not None and shape.value is None:
        call = f"`yield from bps.wait_for([lambda: {where}.execute(VALUE)])`"
        return f"{where} is a command with an argument; a plan executes it: {call}"
    return f"{where} is a command; a plan executes it: `yield from bps.trigger({where}, wait=True)`"


async def _fitting(node: Any, value: Any) -> Any:
    """Return a value of the kind that a hosted device wants; any other value as it is.

    :raises click.BadParameter: if a text is no such value.
    """
    from ..session.hosted_member import HostedMember
    from .values import parse

    if not isinstance(node, HostedMember):
        return value
    datatype, labels = await node.datatype()
    if value in labels:
        return labels.index(value)
    try:
        return parse(value, datatype)
    except ValueError as error:
        raise click.BadParameter(f"{node.path}: {error}, not {value!r}", param_hint="SIGNAL=VALUE") from None


async def _check(node: Any, value: Any) -> None:
    """Raise if a set to this value would be refused before it is sent.

    :raises click.BadParameter: if the value is none of its dtype.
    :raises SignalError: if it is refused for another reason.
    """
    from ..errors import BadValueError

    try:
        checked = node.check_value(value)
        if asyncio.iscoroutine(checked):
            await checked
    except BadValueError as error:
        show_stack(error)
        raise click.BadParameter(str(error), param_hint="SIGNAL=VALUE") from None


async def _set_all(targets: list[tuple[Any, Any]], timeout_s: float | None) -> None:
    """Start all sets, wait for all, and raise what went wrong first; one that fails does not stop the others."""
    statuses = [node.set(value, timeout=timeout_s) for node, value in targets]
    outcomes = await asyncio.gather(*statuses, return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            raise outcome


async def _value(node: Any) -> Any:
    from .values import plain

    return plain(await node.get_value(cached=False)) if hasattr(node, "get_value") else None


async def _units(node: Any) -> str | None:
    from .finding import readable_signals
    from .read import units_of

    signals = list(readable_signals([node]).values())
    return await units_of(signals[0]) if signals else None
