"""The cells of the matrix: fault, protocol, and what a user does; some in every run, the others with `--soak`."""

from typing import Any, NamedTuple

import pytest

FAULTS = ("closed", "silent", "restarted", "slow", "refusing", "relabelled", "retyped", "truncated")
PROTOCOLS = ("ca", "pva")
DOINGS = ("read", "staged read", "monitor", "put", "connect", "scan")

#: In every run: each fault, each thing that is done, both protocols, with as few waits for libca as can be.
_CORE_WITHOUT_SCAN = {
    ("closed", "ca"),
    ("restarted", "ca"),
    ("silent", "pva"),
    ("refusing", "ca"),
    ("relabelled", "ca"),
    ("retyped", "pva"),
    ("truncated", "pva"),
}
_CORE_SCANS = {("closed", "pva"), ("silent", "ca"), ("slow", "ca"), ("refusing", "pva"), ("relabelled", "pva")}


class Cell(NamedTuple):
    """One cell."""

    fault: str
    protocol: str
    doing: str

    @property
    def in_core(self) -> bool:
        """Return whether it is looked at in every run."""
        return (self.fault, self.protocol) in (_CORE_SCANS if self.doing == "scan" else _CORE_WITHOUT_SCAN)

    @property
    def name(self) -> str:
        """Return its part of the test id."""
        return f"{self.fault}-{self.protocol}-{self.doing.replace(' ', '_')}"


CELLS = [Cell(fault, protocol, doing) for protocol in PROTOCOLS for fault in FAULTS for doing in DOINGS]


def params() -> list[Any]:
    """Return the cells as parameters of a test."""
    return [pytest.param(cell, id=cell.name, marks=() if cell.in_core else pytest.mark.soak) for cell in CELLS]
