"""`settings`: the values of the writable signals in a file; save, compare, put back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from .completion import complete_selector
from .options import beamline_options, common_options, format_option, path_argument, read_only_option, timeout_option
from .outcome import CONTROL_SYSTEM, FILES_WRONG, end, show_diagnostics, show_stack

if TYPE_CHECKING:
    from ..session.beamline import Beamline
    from ..session.settings.choice import Setting
    from ..session.settings.comparison import Comparison
    from ..session.settings.file import Entry
    from ..session.settings.restoring import Outcome, Restoration

file_argument = click.argument("file", type=click.Path(path_type=Path))
selectors_argument = click.argument("selectors", nargs=-1, metavar="SELECTOR...", shell_complete=complete_selector)


@click.group(
    "settings",
    epilog="""\b
Examples:
  ophyd-decl settings save beamlines/i99 i99_settings.yaml
  ophyd-decl settings diff beamlines/i99 i99_settings.yaml
  ophyd-decl settings restore beamlines/i99 i99_settings.yaml counter
""",
)
@common_options
def command() -> None:
    """Save, compare and put back the values of the writable signals of a beamline.

    They are in a YAML file, by path, with dtype and unit. Derived signals, commands, signals with `restore: never` and
    the setpoints of what moves are not among them.
    """


@command.command(
    "save",
    epilog="""\b
Examples:
  ophyd-decl settings save beamlines/i99 i99_settings.yaml
  ophyd-decl settings save beamlines/i99 detectors.yaml label:detectors --timeout 2
""",
)
@path_argument
@file_argument
@selectors_argument
@timeout_option
@format_option
@beamline_options
@common_options
def save(
    path: Path,
    file: Path,
    selectors: tuple[str, ...],
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Read all settings at once, and write them to FILE.

    A settings file that is there keeps its comments and its order, and is not touched if nothing has changed. What
    could not be read is named, and the file keeps what it had of it; exit code 3 then.
    """
    from ..session.load import load_beamline
    from ..session.settings.saving import Save, SaveReport, existing_settings
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    nodes = _native(_nodes(beamline, selectors))
    saving = Save(str(file), beamline.name, nodes, existing_settings(str(file)))

    async def work() -> SaveReport:
        async with connected(beamline, nodes, timeout):
            return await saving.run()

    report = run(work)
    if output == "json":
        failures = [{"path": failed, "problem": str(error)} for failed, error in report.failures.items()]
        answer = {
            "schema": 1,
            "file": str(file),
            "changed": report.changed,
            "unchanged": report.unchanged,
            "failures": failures,
            "unknown": report.unknown,
        }
        click.echo(json.dumps(answer, indent=2, ensure_ascii=False))
    else:
        click.echo(f"{file}: {len(report.changed)} saved, {len(report.unchanged)} unchanged")
    for unknown in report.unknown:
        click.echo(f"warning: {unknown} is in the file, and is no setting of {beamline.name}; it is kept", err=True)
    for error in report.failures.values():
        show_stack(error)
    for failed, error in report.failures.items():
        shown = str(error) if str(error).startswith(failed) else f"{failed}: {error}"
        click.echo(f"error: not saved: {shown}", err=True)
    if report.failures:
        end(CONTROL_SYSTEM)


@command.command(
    "diff",
    epilog="""\b
Examples:
  ophyd-decl settings diff beamlines/i99 i99_settings.yaml
  ophyd-decl settings diff beamlines/i99 i99_settings.yaml counter --format json
""",
)
@path_argument
@file_argument
@selectors_argument
@timeout_option
@format_option
@beamline_options
@common_options
def diff(
    path: Path,
    file: Path,
    selectors: tuple[str, ...],
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Compare FILE with the live values, and show what differs: the value in the file, then the live one.

    Floats may be apart by half of the last digit that their precision shows. Exit code 1 if something differs, 3 if
    something could not be read.
    """
    from ..session.load import load_beamline
    from ..session.settings.comparison import compare_settings, plain_comparison
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    chosen = _chosen(beamline, file, selectors)

    async def work() -> "list[Comparison]":
        async with connected(beamline, [setting.signal for setting, _ in chosen], timeout):
            return await compare_settings(chosen)

    found = run(work)
    if output == "json":
        from .values import plain

        rows = [{key: plain(value) for key, value in plain_comparison(one).items()} for one in found]
        answer = {"schema": 1, "beamline": beamline.name, "same": all(one.state == "same" for one in found)}
        click.echo(json.dumps({**answer, "settings": rows}, indent=2, ensure_ascii=False))
    else:
        for line in _diff_lines([one for one in found if one.state == "differs"]):
            click.echo(line)
        click.echo(_counted([one.state for one in found]))
    unreadable = [one for one in found if one.state == "unreadable"]
    for one in unreadable:
        show_stack(one.error)
    for one in unreadable:
        click.echo(f"error: {one.problem}", err=True)
    if unreadable:
        end(CONTROL_SYSTEM)
    if any(one.state == "differs" for one in found):
        end(FILES_WRONG)


@command.command(
    "restore",
    epilog="""\b
Examples:
  ophyd-decl settings restore beamlines/i99 i99_settings.yaml
  ophyd-decl settings restore beamlines/i99 i99_settings.yaml counter.width
""",
)
@path_argument
@file_argument
@selectors_argument
@timeout_option
@format_option
@read_only_option
@beamline_options
@common_options
def restore(
    path: Path,
    file: Path,
    selectors: tuple[str, ...],
    timeout: float | None,
    output: str,
    profile: str | None,
    overrides: dict[str, str],
) -> None:
    """Put back the values of FILE that differ from the live ones, in the phases that `restore` of each signal says.

    Devices, dtypes, units and limits are checked before the first put. One that is refused, or times out, does not stop
    the others; exit code 3 then. Ctrl-C stops between two puts, and says what was set.
    """
    from ..errors import DefinitionError
    from ..session.load import load_beamline
    from ..session.settings.restoring import Restoration
    from .running import connected, run

    beamline = load_beamline(path, profile=profile, set=overrides)
    chosen = _chosen(beamline, file, selectors)
    restoration = Restoration(chosen)
    restoration.refuse_in_read_only_mode()
    disagreements: list[DefinitionError] = []

    async def work() -> None:
        async with connected(beamline, [setting.signal for setting, _ in chosen], timeout):
            try:
                await restoration.check()
            except DefinitionError as error:
                disagreements.append(error)
                return
            await restoration.run()

    try:
        run(work)
    except BaseException:  # whatever has ended it, some may be set
        _show_restored(restoration, output)
        raise
    for error in disagreements:
        show_diagnostics(error)
        click.echo("error: nothing was set", err=True)
        end(CONTROL_SYSTEM)
    _show_restored(restoration, output)
    if any(one.state not in ("set", "unchanged") for one in restoration.outcomes):
        end(CONTROL_SYSTEM)


def _nodes(beamline: "Beamline", selectors: tuple[str, ...]) -> list[Any]:
    from .finding import named

    return named(beamline, selectors or list(beamline._nodes), "SELECTOR")


def _native(nodes: list[Any]) -> list[Any]:
    """Return the nodes that are native, and warn of those in devices of Python classes.

    :raises click.UsageError: if there are none.
    """
    from ..session.hosted_member import HostedMember

    native: list[Any] = []
    for node in nodes:
        if isinstance(node, HostedMember):
            click.echo(f"warning: {node.path} is of a Python class; its settings are not saved", err=True)
        else:
            native.append(node)
    if nodes and not native:
        raise click.UsageError("nothing but devices of Python classes; save their settings as their library does it")
    return native


def _chosen(beamline: "Beamline", path: Path, selectors: tuple[str, ...]) -> "list[tuple[Setting, Entry]]":
    """Return the settings of a file that the call is about.

    :raises DefinitionError: if the file is wrong, or of another beamline or device.
    """
    from ..session.settings.choice import settings_of
    from ..session.settings.comparison import chosen_of
    from ..session.settings.file import read_settings

    file = read_settings(str(path))
    file.check(beamline.name, settings_of(beamline._nodes.values()))
    for selector in selectors:
        file.require(selector, settings_of(_nodes(beamline, (selector,))))
    return chosen_of(file, settings_of(_nodes(beamline, selectors)))


def _diff_lines(found: "Sequence[Comparison]") -> list[str]:
    from .values import text

    width = max((len(one.setting.path) for one in found), default=0)
    lines: list[str] = []
    for one in found:
        live = None if one.live is None else text(one.live.value, one.live.units)
        note = f"  ({one.problem})" if one.problem else ""
        lines.append(f"{one.setting.path:{width}}  file {text(one.entry.value, one.entry.units)}  live {live}{note}")
    return lines


def _show_restored(restoration: "Restoration", output: str) -> None:
    from .values import plain, text

    outcomes = restoration.outcomes
    if output == "json":
        rows = [
            {
                "path": one.setting.path,
                "name": one.setting.signal.name,
                "state": one.state,
                "phase": one.setting.phase,
                "before": None if one.before is None else plain(one.before.value),
                "value": plain(one.entry.value),
                "units": one.entry.units,
                "reason": one.reason,
            }
            for one in outcomes
        ]
        click.echo(json.dumps({"schema": 1, "settings": rows}, indent=2, ensure_ascii=False))
        return
    shown = [one for one in outcomes if one.state != "unchanged"]
    width = max((len(one.setting.path) for one in shown), default=0)
    for one in shown:
        before = "" if one.before is None else f"before {text(one.before.value, one.before.units)}  "
        what = f"{one.setting.path:{width}}  {before}file {text(one.entry.value, one.entry.units)}"
        click.echo(f"{one.state:11}  {what}{_because(one)}")
    click.echo(_counted([one.state for one in outcomes]))


def _because(one: "Outcome") -> str:
    return f"  ({one.reason})" if one.reason else ""


def _counted(states: Sequence[str]) -> str:
    order = (
        "set", "same", "unchanged", "differs", "unreadable", "refused", "timed out", "interrupted", "not reached",
    )  # fmt: skip
    counts = [f"{states.count(state)} {state}" for state in order if state in states]
    return ", ".join(counts) or "no settings"
