"""The variables of EPICS and Tango that a beamline wants: set before a client library reads them, or not at all."""

import logging
import os
import sys
from collections.abc import Mapping

log = logging.getLogger("ophyd_decl.session")

#: What begins a variable, and the package that reads it once, for the life of the process.
_READERS: tuple[tuple[str, str], ...] = (
    ("EPICS_PVA", "p4p"),
    ("EPICS_", "epicscorelibs"),
    ("TANGO_HOST", "tango"),
)


#: Words with which the variable of read-only mode says that it does not hold; any other word is on the safe side.
_OFF = ("", "0", "false", "no", "off")


def read_only_by_environment() -> bool:
    """Return whether OPHYD_DECL_READ_ONLY is set; no file and no option takes it back."""
    return os.environ.get("OPHYD_DECL_READ_ONLY", "").strip().lower() not in _OFF


def apply_environment(beamline: str, variables: Mapping[str, str]) -> None:
    """Set variables of this process that it does not have; those that it has win, with a warning.

    :param beamline: its name, for messages.
    :param variables: what the file says.
    """
    for name, value in variables.items():
        own = os.environ.get(name)
        if own == value:
            continue
        if own is not None:
            log.warning(
                "%s wants %s=%r, and this process has %s=%r, which holds", beamline, name, value, name, own
            )  # fmt: skip
            continue
        reader = next((package for start, package in _READERS if name.startswith(start)), None)
        if reader is not None and reader in sys.modules:
            log.warning(
                "%s wants %s=%r, which may come too late: %s was imported before. Load the beamline first, "
                "or set the variable where the process is started",
                beamline, name, value, reader,
            )  # fmt: skip
        os.environ[name] = value
