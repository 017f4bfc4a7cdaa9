"""What the files of an IOC say about PVs that nothing answers to: that they hold the name, or one like it."""

from collections.abc import Sequence
from dataclasses import replace
from difflib import get_close_matches

from ..session.report import DeviceReport, Problem, Report
from ..vocab.addresses import split_scheme
from .record_names import RecordName

#: For how many names a near one is looked for, and among how many.
_NAMES, _CANDIDATES = 50, 2000
_LIKENESS = 0.75


def with_hints(report: Report, known: Sequence[RecordName]) -> Report:
    """Return a report whose absent PVs have what the files of the IOC say as their help.

    :param known: names in those files.
    """
    hints = _Hints(known)
    devices = [_device(device, hints) for device in report.devices]
    return Report(report.beamline, report.profile, report.elapsed_s, devices)


class _Hints:
    """Looks names up."""

    def __init__(self, known: Sequence[RecordName]) -> None:
        self._known = {record.name: record for record in reversed(known)}
        self._left = _NAMES

    def about(self, problem: Problem) -> str:
        """Return what is known about the PV of a problem, nothing if that is nothing."""
        protocol, pv = split_scheme(problem.source, "")
        if problem.code != "E610" or protocol not in ("ca", "pva"):
            return ""
        name, dot, field = pv.partition(".")
        record = self._known.get(name)
        if record is not None:
            return f"{record.file}:{record.line} has it: does its IOC run, with this file, where names are searched?"
        if not self._left:
            return ""
        self._left -= 1
        stem = name[: name.rfind(":") + 1]
        alike = [one for one in self._known if one.startswith(stem)] if stem else []
        near = _nearest(name, alike) or _nearest(name, [one for one in self._known if abs(len(one) - len(name)) < 4])
        if not near:
            return ""
        record = self._known[near]
        return f"did you mean `{near}{dot}{field}`? {record.file}:{record.line} has it"


def _nearest(name: str, names: Sequence[str]) -> str:
    return next(iter(get_close_matches(name, names[:_CANDIDATES], 1, _LIKENESS)), "")


def _device(device: DeviceReport, hints: _Hints) -> DeviceReport:
    problems = tuple(
        replace(problem, help=said) if (said := hints.about(problem)) else problem for problem in device.problems
    )
    return device if problems == device.problems else replace(device, problems=problems)
