"""Values of options that do not plainly fit: what the options model of the plugin says about them, at their places."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..errors import Place
from ..model.kinds import Spot, shown
from ..source.findings import Findings
from ..source.suggest import listed
from ..source.tree import LocatedList, LocatedMapping
from .facts import BrokenOptionsError, PluginFacts

if TYPE_CHECKING:
    from ..spec import PluginSpec

_EXPECTED = {
    "string": "text", "int": "a whole number", "float": "a number", "bool": "true or false", "dict": "a mapping",
    "list": "a list", "tuple": "a list", "model": "a mapping",
}  # fmt: skip
_RANGE = {
    "greater_than": ("gt", "more than {} is expected"),
    "greater_than_equal": ("ge", "at least {} is expected"),
    "less_than": ("lt", "less than {} is expected"),
    "less_than_equal": ("le", "at most {} is expected"),
}


def report_misfits(
    spec: "PluginSpec",
    plugin: PluginFacts,
    data: Mapping[str, Any],
    mapping: LocatedMapping,
    owner: Place,
    findings: Findings,
) -> None:
    """Report every option whose value its model refuses.

    :param data: the options as plain data; what is not known yet is left out.
    :param mapping: the options in the file.
    :param owner: where missing options are reported.
    :raises BrokenOptionsError: if the model fails on its own account.
    """
    from pydantic import ValidationError

    try:
        spec.options.model_validate(data)
    except ValidationError as invalid:
        for error in invalid.errors(include_url=False):
            _report(error, spec, plugin, mapping, owner, findings)
    except Exception as error:  # noqa: BLE001  # a validator of a plugin may raise anything
        raise BrokenOptionsError(f"{type(error).__name__}: {error}".partition("\n")[0]) from None


def report_class(name: str, kind: str, value: Any, spot: Spot) -> None:
    """Report an option whose value is of another kind; in the words of what the model would say."""
    wanted = _EXPECTED["string" if kind == "str" else kind]
    spot.error("E121", f"`{name}`: expected {wanted}, got {shown(value)}", f"write {wanted}")


def _report(
    error: Any, spec: "PluginSpec", plugin: PluginFacts, mapping: LocatedMapping, owner: Place, findings: Findings
) -> None:
    kind, location = str(error["type"]), tuple(error["loc"])
    name = str(location[0]) if location else ""
    if kind == "missing" and len(location) == 1:
        if name not in mapping and not findings.is_misspelt(name, mapping, (*plugin.options, "use")):
            doc = spec.options.model_fields[name].description if name in spec.options.model_fields else None
            help_text = f"add `{name}:`, {doc or ''}".rstrip(", ")
            findings.error("E111", f"`{name}` is missing in `{plugin.name}`", owner, help_text)
        return
    if kind == "extra_forbidden" and len(location) == 1:
        help_text = findings.suggest(name, plugin.options) or f"remove it; there are {listed(plugin.options)}"
        findings.error("E110", f"unknown option `{name}` of `{plugin.name}`", mapping.key_place(name), help_text)
        return
    spot = _spot(mapping, location, findings)
    if spot is None:
        findings.error("E121", _sentence(error), owner, "change the options")
        return
    code, summary = _words(error)
    doc = spec.options.model_fields[name].description if name in spec.options.model_fields else None
    help_text = f"write {_wanted(kind)}" if code == "E121" else f"`{name}`: {doc}" if doc else "change the value"
    spot.error(code, f"`{name}`: {summary}", help_text)


def _spot(mapping: LocatedMapping, location: tuple[Any, ...], findings: Findings) -> Spot | None:
    """Return the deepest place that a location of the model names; parts that are no keys are passed over."""
    spot: Spot | None = None
    node: Any = mapping
    for part in location:
        if isinstance(node, LocatedMapping) and part in node:
            spot, node = Spot(node, part, findings), node[str(part)]
        elif isinstance(node, LocatedList) and isinstance(part, int) and part < len(node):
            spot, node = Spot(node, part, findings), node[part]
    return spot


def _words(error: Any) -> tuple[str, str]:
    kind, value = str(error["type"]), error.get("input")
    if kind in _RANGE:
        key, text = _RANGE[kind]
        return "E123", f"{shown(value)}: {text.format(error['ctx'][key])}"
    if kind == "string_pattern_mismatch":
        return "E124", f"{shown(value)} does not match `{error['ctx']['pattern']}`"
    if kind in ("literal_error", "enum"):
        return "E122", f"{shown(value)} is not one of {error['ctx'].get('expected', '')}"
    if _family(kind):
        return "E121", f"expected {_wanted(kind)}, got {shown(value)}"
    return "E121", _sentence(error)


def _family(kind: str) -> str:
    return _EXPECTED.get(kind.partition("_")[0], "")


def _wanted(kind: str) -> str:
    return _family(kind) or "a value that fits"


def _sentence(error: Any) -> str:
    text = str(error["msg"]).removeprefix("Input should be ").removeprefix("Value error, ")
    return text if text != error["msg"] else text[:1].lower() + text[1:]
