"""Settings in the body of a plan: saved to a file, and put back from it."""

import asyncio
from collections.abc import Awaitable, Callable, Generator, Sequence
from typing import Any, TypeVar

from bluesky.utils import FailedStatus, Msg

from ..devices.node import Node, root_of
from ..errors import OphydDeclError, SettingsError
from ..session.settings.choice import settings_of
from ..session.settings.comparison import chosen_of
from ..session.settings.file import read_settings
from ..session.settings.restoring import FAILED, Outcome, Restoration, note
from ..session.settings.saving import Save, SaveReport, existing_settings

T = TypeVar("T")
_WORDS = {"refused": "were refused", "timed out": "timed out"}


def save_settings(file: str, *devices: Any) -> Generator[Msg, Any, SaveReport]:
    """Read the settings of devices at once, and write them to a file, as `ophyd-decl settings save` does.

    :param file: a new one, or a settings file that is there, which keeps its comments and order.
    :param devices: devices or signals of one beamline.
    :raises DefinitionError: if the file is no settings file, or one of another beamline or device.
    :raises SettingsError: if something could not be read; what could be is in the file.
    :raises OSError: if the file cannot be written, or somebody has written it meanwhile; it is then as it was.
    """
    path, beamline = str(file), _beamline_of(devices)
    saving = Save(path, beamline, devices, (yield from _in_a_thread(lambda: existing_settings(path))))
    report = yield from _awaited(saving.run)
    if report.failures:
        listed = "\n".join(f"  {path}: {error}" for path, error in report.failures.items())
        raise SettingsError(f"{len(report.failures)} settings were not saved:\n{listed}", [report])
    return report


def restore_settings(file: str, *devices: Any) -> Generator[Msg, Any, list[Outcome]]:
    """Put back what differs from a settings file, in phases, as `ophyd-decl settings restore` does.

    Each put is a message of its own, so that the plan can be paused and ended between any two.

    :param devices: devices or signals of one beamline; the file must have settings of each.
    :returns: what became of each setting.
    :raises DefinitionError: if the file is wrong, of another beamline or device, or disagrees with the signals in unit,
        dtype or limits; nothing was put.
    :raises ReadOnlyError: in read-only mode; nothing was put.
    :raises SettingsError: if a put was refused or timed out; all others were done, and `outcomes` says which.
    """
    beamline = _beamline_of(devices)
    found = yield from _in_a_thread(lambda: read_settings(str(file)))
    found.check(beamline, settings_of(root_of(devices[0])._context.shared.devices.values()))
    for device in devices:
        found.require(device.path, settings_of([device]))
    restoration = Restoration(chosen_of(found, settings_of(devices)))
    yield from _awaited(restoration.check)
    for phase in restoration.phases:
        for one in (yield from _awaited(lambda phase=phase: restoration.begin(phase))):
            yield from _put(one)
    yield from _awaited(restoration.finish)
    failed = [one for one in restoration.outcomes if one.state in FAILED]
    if failed:
        states = {one.state for one in failed}
        what = " or ".join(words for state, words in _WORDS.items() if state in states)
        listed = "\n".join(f"  {one.setting.path}: {one.reason}" for one in failed)
        raise SettingsError(f"{len(failed)} settings {what}:\n{listed}", restoration.outcomes)
    return restoration.outcomes


def _beamline_of(devices: Sequence[Any]) -> str:
    """Return the name of the beamline of some devices.

    :raises OphydDeclError: if there is none, or several, or one is of a Python class.
    """
    for device in devices:
        if not isinstance(device, Node):
            problem = f"{getattr(device, 'name', device)} is a {type(device).__name__} of a Python class"
            raise OphydDeclError(f"{problem}; its settings are saved and put back as its library does it")
    names = list(dict.fromkeys(root_of(device)._context.binding.name for device in devices))
    if len(names) != 1:
        raise OphydDeclError(f"name devices of one beamline; these are of {', '.join(names) or 'none'}")
    return names[0]


def _put(one: Outcome) -> Generator[Msg, Any, None]:
    group = f"settings-{one.setting.path}"
    try:
        yield Msg("set", one.setting.signal, one.entry.value, group=group)
        yield Msg("wait", None, group=group)
    except FailedStatus as failed:
        cause: Any = failed.__cause__ or failed.args[0]
        note(one, cause if isinstance(cause, BaseException) else cause.exception())
    else:
        note(one, None)


def _in_a_thread(call: Callable[[], T]) -> Generator[Msg, Any, T]:
    """Call something that reads a file, while the loop of the RunEngine goes on."""
    return _awaited(lambda: asyncio.to_thread(call))


def _awaited(make: Callable[[], Awaitable[T]]) -> Generator[Msg, Any, T]:
    """Await something on the loop of the RunEngine, and return or raise what it does.

    Once: a RunEngine that was paused sends the messages again that it sent since the last checkpoint.
    """
    tasks: list[asyncio.Future[T]] = []

    def begin() -> asyncio.Future[T]:
        if not tasks:
            tasks.append(asyncio.ensure_future(make()))
        return tasks[0]

    try:
        yield Msg("wait_for", None, [begin])
    finally:
        for task in tasks:  # an abort ends the waiting only
            task.cancel()
    return tasks[0].result()
