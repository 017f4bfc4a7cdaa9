"""Record types and records that the IOC of the demo is given before it starts."""

# pythonSoftIOC has no type information; what is used of it is given types here.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

import os
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Any, cast

from softioc import softioc

_softioc = cast(Any, softioc)
#: Where `dbCommon.dbd` is, which each record type includes.
_BASE_DEFINITIONS = cast(str, import_module("epicscorelibs.ioc").DEFAULT_DBD_PATH)


def load(file: Path) -> None:
    """Load definitions or records from a file."""
    _softioc.dbLoadDatabase(file.name, os.pathsep.join((str(file.parent), _BASE_DEFINITIONS)))


def load_text(suffix: str, text: str) -> None:
    """Load definitions (`.dbd`) or records (`.db`) from a text."""
    with tempfile.NamedTemporaryFile("w", suffix=suffix) as file:
        file.write(text)
        file.flush()
        load(Path(file.name))
