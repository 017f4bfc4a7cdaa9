"""Saving: live values into a file, without losing anything that is in it."""

import asyncio
import codecs
import errno
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...devices.node import root_of
from ..text_file import write_whole
from .choice import settings_of, types_of
from .comparison import is_exactly
from .file import Entry, SettingsFile, read_settings
from .snapshot import Live, snapshot
from .text import Saved, new_text, updated_text


@dataclass
class SaveReport:
    """What a save did.

    :ivar changed: paths whose values were written.
    :ivar unchanged: paths whose values the file had already.
    :ivar failures: why there is no value, by path; the file has what it had of them.
    :ivar unknown: paths of the file that are no settings of the beamline; the file still has them.
    """

    file: str
    changed: list[str] = field(default_factory=list[str])
    unchanged: list[str] = field(default_factory=list[str])
    failures: dict[str, Exception] = field(default_factory=dict[str, Exception])
    unknown: list[str] = field(default_factory=list[str])


class Save:
    """One save; making it looks at the file, so that a wrong one is refused before anything is connected.

    :param path: of the file; one that exists is updated.
    :param nodes: devices and signals of one beamline.
    :param file: what is there, as `existing_settings` has it.
    :raises DefinitionError: if it is a file of another beamline or device.
    """

    def __init__(self, path: str, beamline: str, nodes: Sequence[Any], file: SettingsFile | None) -> None:
        self.settings = settings_of(nodes)
        self._all = settings_of(root_of(nodes[0])._context.shared.devices.values()) if nodes else []
        self._path, self._beamline, self._file = path, beamline, file
        if file is not None:
            file.check(beamline, self._all, lenient=True)

    async def run(self) -> SaveReport:
        """Read all at once, and write the file if something in it changes.

        :raises OSError: if it cannot be written, or somebody has written it meanwhile; it is then as it was.
        """
        live = await snapshot(self.settings)
        report = SaveReport(self._path)
        entries: Mapping[str, Entry] = {} if self._file is None else self._file.entries
        saved: dict[str, Saved] = {}
        for setting in self.settings:
            found, path = live[setting.path], setting.path
            if not isinstance(found, Live):
                if not setting.signal.left_out:
                    report.failures[path] = found
            elif setting.signal._context.mock and setting.signal._protocol != "soft":
                report.failures[path] = ValueError("it is in mock mode, and its value is made up")
            elif path in entries and _same(entries[path], found):
                report.unchanged.append(path)
            else:
                report.changed.append(path)
                saved[path] = Saved(found.value, found.dtype, found.units)
        if self._file is not None:
            known = {setting.path for setting in self._all}
            report.unknown = [path for path in entries if path not in known]
        if saved:
            devices = types_of([setting for setting in self.settings if setting.path in saved])
            await asyncio.to_thread(self._write, devices, saved)  # a disk may take its time
        return report

    def _write(self, devices: Mapping[str, str], saved: Mapping[str, Saved]) -> None:
        """Write the file, unless it is no longer what was read of it.

        :raises OSError: as `run`.
        """
        path = Path(self._path)
        if self._file is None:
            text = new_text(self._beamline, devices, saved)
            try:
                write_whole(path, text, new=True)
            except FileExistsError:
                raise _changed(self._path) from None
            return
        text = updated_text(self._file, devices, saved)
        there = path.read_bytes() if path.exists() else b""
        if there.removeprefix(codecs.BOM_UTF8) != self._file.text.encode():
            raise _changed(self._path)
        write_whole(path, text)


def existing_settings(path: str) -> SettingsFile | None:
    """Return the settings file that is there; None where there is none yet.

    :raises DefinitionError: if it is no settings file, or has mistakes of its own.
    :raises OSError: if its folder is not there.
    """
    if os.path.lexists(path):
        return read_settings(path)
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise FileNotFoundError(errno.ENOENT, "No such folder", folder)
    return None


def _changed(path: str) -> OSError:
    return FileExistsError(errno.EEXIST, "the file was changed meanwhile, nothing was written; save again", path)


def _same(entry: Entry, live: Live) -> bool:
    return (entry.dtype, entry.units) == (live.dtype, live.units) and is_exactly(entry, live)
