"""One signal without a file: the same keys, checks and messages as in YAML."""

import re
from typing import Any

from ..blueprint import DeviceBlueprint
from ..errors import DefinitionError
from ..model.signals import SIGNAL, Surroundings
from ..source import Findings, LocatedList, LocatedMapping, SourceFile
from ..source.plain import is_list, is_mapping
from ..vocab.addresses import split_scheme
from ..vocab.names import is_identifier
from .devices import signal_device


class _Nowhere:
    """The mark and the span of what stands in no file."""

    line = 0
    column = 0

    @property
    def start_mark(self) -> "_Nowhere":
        """Return itself."""
        return self

    @property
    def end_mark(self) -> "_Nowhere":
        """Return itself."""
        return self


_NOWHERE: Any = _Nowhere()


def compile_signal(address: str, *, name: str, access: str = "rw", dtype: str = "any", **keys: Any) -> DeviceBlueprint:
    """Return the blueprint of a device that is one signal.

    :param address: a PV, with `ca://` or `pva://` before it where the default does not hold.
    :param name: its name in documents; any text. Its path is the same text where that is a Python identifier.
    :param keys: further keys of a signal in a file.
    :raises DefinitionError: if a key or its value is wrong.
    """
    findings = Findings()
    file = SourceFile(f"signal({name!r})", "")
    given = {"pv": address, "access": access, "dtype": dtype, **keys}
    mapping: LocatedMapping = _located(given, file)
    if not isinstance(name, str) or not name:  # pyright: ignore[reportUnnecessaryIsInstance]
        findings.error("E121", f"a signal needs a name, got {name!r}", file.start, 'write name="…"')
    values = SIGNAL.read(mapping, findings, file.start)
    shape = signal_device("signal", values, mapping, file.start, Surroundings(findings))
    if findings.error_count or shape is None:
        raise DefinitionError(findings.sorted(), _render)
    protocol, _ = split_scheme(address, keys.get("protocol", "ca"))
    return DeviceBlueprint(
        path=path_of(name), document_name=name, shape=shape, values={}, place=file.start, protocol=protocol,
        doc=shape.doc,
    )  # fmt: skip


def path_of(name: str) -> str:
    """Return a name as a Python identifier.

    >>> path_of("time delta")
    'time_delta'
    """
    path = re.sub(r"\W+", "_", name).strip("_")
    if not path.isidentifier():
        path = f"signal_{path}".rstrip("_")
    return path if is_identifier(path) else f"{path}_"


def _located(value: Any, file: SourceFile) -> Any:
    """Return plain data as a tree without places."""
    if is_mapping(value):
        mapping = LocatedMapping(file, _NOWHERE)
        mapping.update({str(key): _located(item, file) for key, item in value.items()})
        mapping.spans = dict.fromkeys(mapping, (_NOWHERE, _NOWHERE, _NOWHERE))
        return mapping
    if is_list(value):
        made = LocatedList(file, _NOWHERE)
        made.extend(_located(item, file) for item in value)
        made.spans = [(_NOWHERE, _NOWHERE)] * len(made)
        return made
    return value


def _render(diagnostics: Any) -> str:
    """Return the mistakes in one line: there is no file to show."""
    return "; ".join(
        f"{found.place.file}: {found.summary}" + (f" ({found.help})" if found.help else "") for found in diagnostics
    )
