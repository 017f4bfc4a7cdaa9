"""The whole stub of a beamline: `__init__.pyi` beside its `beamline.yaml`."""

import keyword
import os
from collections.abc import Iterable

from ..blueprint import BeamlineBlueprint, DeviceBlueprint, SignalShape
from .classes import OURS, Classes, MemberText
from .names import MODULE_NAMES, Names, taken_names
from .places import place_text
from .texts import device_facts, docstring, one_line, signal_facts
from .values import Values, quoted

#: How a file begins that may be written anew; any other is that of a person.
MARK = "# Written by `ophyd-decl stubs"
FILE_NAME = "__init__.pyi"


def stub_of(blueprint: BeamlineBlueprint, options: str = "") -> str:
    """Return the text of the stub: the same for the same files, whatever the folder and machine.

    :param options: of the command, which the first line names.
    """
    return _Stub(blueprint).text(options)


class _Stub:
    def __init__(self, blueprint: BeamlineBlueprint) -> None:
        self._blueprint = blueprint
        self._folder = os.path.realpath(os.path.dirname(os.path.abspath(blueprint.file)))
        self._names = Names(taken_names(blueprint))
        self._values = Values(self._names)
        self._classes = Classes(self._names, self._values, self._folder)

    def text(self, options: str) -> str:
        """Return the whole text; what is imported is known at its end only."""
        blueprint = self._blueprint
        members = [self._device(device) for device in blueprint.devices]
        for service in blueprint.services:
            facts = [service.plugin, place_text(service.place, self._folder)]
            members.append(MemberText(service.path, self._values.any(), service.doc, facts))
        marked = self._names.imported("typing", "type_check_only")
        beamline = self._beamline(members)
        rest = [line for member in members for line in member.lines("")]
        rest.extend(self._offered(beamline[0]))
        names = [member.key for member in members]
        blocks = [
            [
                one_line(f"{MARK} {options}") + f"` for the beamline {one_line(blueprint.name)}: edits are lost.",
                "# fmt: off",
                "# ruff: noqa",
                '"""Devices of the beamline, for editors and type checkers."""',
            ],
            self._names.import_lines(),
            self._values.definitions,
            *([f"@{marked}", *made.lines()] for made in self._classes),
            [f"@{marked}", *beamline[1]],
            rest,
            ["__all__ = [", *(f"    {quoted(name)}," for name in (*names, *MODULE_NAMES)), "]"],
        ]
        return "\n\n".join("\n".join(block) for block in blocks if block) + "\n"

    def _device(self, device: DeviceBlueprint) -> MemberText:
        place = place_text(device.place, self._folder)
        if device.python is not None:
            kind = self._class(*device.python.name.split(":"))
            return MemberText(device.path, kind, device.doc, [*device_facts(device), place])
        if device.is_signal:
            (signal,) = device.shape.members
            if isinstance(signal, SignalShape):
                facts = [*signal_facts(signal), *device_facts(device), place]
                return MemberText(device.path, self._classes.signal(signal), device.doc or signal.doc, facts)
        kind = self._classes.of(device.shape, device.path, fill=device.fill)
        return MemberText(device.path, kind, device.doc, [*device_facts(device), place])

    def _class(self, module: str, name: str) -> str:
        """Return what a Python class is called here; one that no import statement can name is anything."""
        if any(keyword.iskeyword(word) for word in (*module.split("."), name)):
            return self._values.any()
        return self._names.imported(module, name)

    def _beamline(self, members: Iterable[MemberText]) -> tuple[str, list[str]]:
        """Return the name of the class of the beamline, and its lines."""
        blueprint = self._blueprint
        name = self._names.own(f"{blueprint.name} beamline")
        never = self._names.imported("typing", "Never")
        groups = [f"group {group}: {', '.join(selectors)}" for group, selectors in blueprint.groups.items()]
        return name, [
            f"class {name}({self._names.imported(OURS, 'Beamline')}):",
            *docstring("", [f"The beamline {blueprint.name}", *groups], "    "),
            *(f"    {member.key}: {member.annotation}" for member in members),
            f"    def __getattr__(self, name: {never}) -> {never}: ...  # type: ignore[override]",
        ]

    def _offered(self, beamline: str) -> list[str]:
        """Return what the module has beside devices and services."""
        names = self._names
        text, report = names.builtin("str"), names.imported(OURS, "Report")
        only = f"{text} | {names.imported('collections.abc', 'Iterable')}[{text}] | None"
        timeout, mock = f"{names.builtin('float')} | None", names.builtin("bool")
        return [
            f"beamline: {beamline}",
            f"def connect(timeout: {timeout} = None, *, mock: {mock} = False, only: {only} = None) -> {report}: ...",
            f"provenance: {names.imported(OURS, 'Provenance')}",
            f"report: {report}",
        ]
