"""One signal without a file: the same keys, checks and messages as in YAML."""

import re
from typing import Any

from ..blueprint import DeviceBlueprint, Json
from ..check.connectors import read_connector
from ..errors import DefinitionError
from ..model.addresses import TRL
from ..model.signals import SIGNAL, Surroundings
from ..source import Findings, LocatedMapping, SourceFile
from ..source.made import located_data
from ..vocab.addresses import split_scheme, split_tango, tango_name_problem, trl_problem
from ..vocab.names import is_identifier
from .devices import signal_device


def compile_signal(address: str, *, name: str, access: str = "rw", dtype: str = "any", **keys: Any) -> DeviceBlueprint:
    """Return the blueprint of a device that is one signal.

    :param address: a PV, with `ca://` or `pva://` before it where the default does not hold; or an attribute of a Tango
        device, which begins with `tango://`.
    :param name: its name in documents; any text. Its path is the same text where that is a Python identifier.
    :param keys: further keys of a signal in a file.
    :raises DefinitionError: if a key or its value is wrong.
    """
    findings = Findings()
    file = SourceFile(f"signal({name!r})", "")
    where, params = {"pv": address}, dict[str, Json]()
    if isinstance(address, str) and address.startswith("tango://"):  # pyright: ignore[reportUnnecessaryIsInstance]
        trl, attribute = split_tango(address)
        problem = trl_problem(trl) or tango_name_problem(attribute)
        if problem:
            summary = f"`{address}` is no attribute of a Tango device: {problem}"
            findings.error("E124", summary, file.start, "write `tango://host:port/domain/family/member/attribute`")
            raise DefinitionError(findings.sorted(), _render)
        where, params = {"attr": attribute}, {TRL: trl}
    mapping: LocatedMapping = located_data({**where, "access": access, "dtype": dtype, **keys}, file)
    if not isinstance(name, str) or not name:  # pyright: ignore[reportUnnecessaryIsInstance]
        findings.error("E121", f"a signal needs a name, got {name!r}", file.start, 'write name="…"')
    values = SIGNAL.read(mapping, findings, file.start)
    shape = signal_device("signal", values, mapping, file.start, Surroundings(findings, trl=bool(params)))
    connector = read_connector(mapping, findings)
    if isinstance(mapping.get("expect"), LocatedMapping):
        findings.error("E402", "`expect` refers to another signal, and there is none", file.start, "give a value")
    if findings.error_count or shape is None:
        raise DefinitionError(findings.sorted(), _render)
    protocol, _ = split_scheme(address, keys.get("protocol", "ca"))
    return DeviceBlueprint(
        path=path_of(name), document_name=name, shape=shape, values=params, place=file.start, protocol=protocol,
        doc=shape.doc, connector=connector,
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


def _render(diagnostics: Any) -> str:
    """Return the mistakes in one line: there is no file to show."""
    return "; ".join(
        f"{found.place.file}: {found.summary}" + (f" ({found.help})" if found.help else "") for found in diagnostics
    )
