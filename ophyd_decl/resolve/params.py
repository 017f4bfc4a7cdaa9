"""Params as a type or a fragment declares them."""

from collections.abc import Collection
from dataclasses import dataclass, field

from ..model.kinds import shown
from ..model.params import OptionsFinder, ParamModel, read_param
from ..source import Findings, LocatedMapping
from ..vocab.names import is_identifier
from .scope import refuse_expressions


@dataclass(slots=True)
class DeclaredParams:
    """Params by name, and the names of those whose declaration is wrong."""

    sound: dict[str, ParamModel] = field(default_factory=dict[str, ParamModel])
    failed: frozenset[str] = frozenset()


def read_params(
    params: LocatedMapping | None, findings: Findings, find_options: OptionsFinder | None = None
) -> DeclaredParams:
    """Return the params that a fragment declares; mistakes are reported."""
    declared = DeclaredParams()
    failed: set[str] = set()
    for name in () if params is None else params:
        param = None if params is None else declared_param(name, params, findings, find_options=find_options)
        if param is None:
            failed.add(name)
        else:
            declared.sound[name] = param
    declared.failed = frozenset(failed)
    return declared


def declared_param(
    name: str,
    holder: LocatedMapping,
    findings: Findings,
    taken: Collection[str] = (),
    find_options: OptionsFinder | None = None,
) -> ParamModel | None:
    """Return one declared param, or None after diagnostics.

    :param taken: names that no param may have, since the instance has a key with this name.
    :param find_options: knows the options of plugins.
    """
    place, body = holder.key_place(name), holder[name]
    if not is_identifier(name):
        findings.error("E407", f"`{name}` is no name for a param", place, "use letters, digits and `_`")
    elif name in taken:
        summary = f"every device has a key `{name}`, so no param can have this name"
        findings.error("E406", summary, place, f"rename it to `{name}_`")
    elif not isinstance(body, LocatedMapping):
        summary = f"expected a mapping, got {shown(body)}"
        findings.error("E120", summary, holder.value_place(name), f"write `{name}: {{type: str}}`")
    else:
        refuse_expressions(body, findings, "a param")
        return read_param(name, body, place, findings, find_options)
    return None
