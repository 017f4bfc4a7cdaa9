"""What checking needs to know of a plugin, without its options model: importing pydantic costs 0.1 s.

The facts of the shipped plugins are written down in `shipped` (`python -m ophyd_decl.check.write_shipped`); those of
others are read from their specs. Options that plainly fit their facts are right; whatever does not is given to the
options model, which has the last word.
"""

import re
from collections.abc import Iterator, Mapping
from math import isfinite
from typing import TYPE_CHECKING, Any, NamedTuple, get_args, get_origin

from ..source.plain import is_mapping
from .requirement import Requirement

if TYPE_CHECKING:
    from ..spec import PluginSpec

#: Mark of an option that is a formula over the signals beside it.
CONDITION = "condition"
#: Mark of one that sees the target of a set, too.
CONDITION_ON_VALUE = "condition on value"
CONDITIONS = (CONDITION, CONDITION_ON_VALUE)
_KINDS: dict[Any, str] = {str: "str", int: "int", float: "float", bool: "bool"}
_CLASSES: dict[str, tuple[type, ...]] = {"str": (str,), "int": (int,), "float": (int, float), "bool": (bool,)}


class BrokenOptionsError(Exception):
    """The options model of a plugin failed on its own account."""


class OptionFacts(NamedTuple):
    """What is known of one option.

    :param mark: what it must lead to if it is a path, `condition` for a formula, None for plain data.
    :param kind: `str int float bool`, `map` of plain values, or empty: only the model knows.
    :param pattern: that the whole text matches.
    """

    required: bool = False
    mark: Requirement | str | None = None
    kind: str = ""
    ge: float | None = None
    gt: float | None = None
    pattern: str | None = None

    def has_class(self, value: Any) -> bool:
        """Return False for a scalar of another kind, which a model might convert; the rest is left to the model."""
        if not self.kind or self.kind == "map" or value is None:
            return True
        return isinstance(value, _CLASSES[self.kind]) and (self.kind == "bool" or not isinstance(value, bool))

    def fits(self, value: Any) -> bool:
        """Return whether a value is right beyond doubt; False says nothing."""
        if self.kind == "map":
            return is_mapping(value) and all(
                isinstance(item, str | int | float) and not isinstance(item, bool) for item in value.values()
            )
        if not self.kind or not isinstance(value, _CLASSES[self.kind]):
            return False
        if isinstance(value, str):
            return self.pattern is None or re.fullmatch(self.pattern, value) is not None
        if isinstance(value, bool):
            return self.kind == "bool"
        return isfinite(value) and (self.ge is None or value >= self.ge) and (self.gt is None or value > self.gt)


class PluginFacts(NamedTuple):
    """What is known of one plugin.

    :param carries_name: option fields in order; the signal that the first given one leads to carries the name of the
        device.
    :param distribution: what brought it, empty for the shipped ones.
    :param names: that no member of its device may have.
    """

    name: str
    role: str
    carries_name: tuple[str, ...]
    options: Mapping[str, OptionFacts]
    distribution: str = ""
    names: tuple[str, ...] = ()

    def fit(self, data: Mapping[str, Any]) -> bool:
        """Return whether options are right beyond doubt; False says nothing."""
        options = self.options
        return all(name in options and options[name].fits(value) for name, value in data.items()) and all(
            name in data for name, facts in options.items() if facts.required
        )


def facts_of(spec: "PluginSpec", distribution: str = "") -> PluginFacts:
    """Return the facts of a plugin, read from its options model.

    :raises BrokenOptionsError: if the model cannot be read.
    """
    try:
        fields: Any = spec.options.model_fields.items()
        checks = spec.options.__pydantic_decorators__
        simple = not (checks.field_validators or checks.model_validators or checks.validators)
        options = {str(name): _option(field, simple=simple) for name, field in fields}
    except Exception as error:  # noqa: BLE001  # a plugin may bring anything as its model
        raise BrokenOptionsError(f"{type(error).__name__}: {error}".partition("\n")[0]) from None
    return PluginFacts(spec.name, spec.role, tuple(spec.carries_name), options, distribution, tuple(spec.names))


def _option(field: Any, *, simple: bool) -> OptionFacts:
    bounds = {
        name: float(value)
        for fact in field.metadata
        for name in ("ge", "gt")
        if isinstance(value := getattr(fact, name, None), int | float)
    }
    patterns = [fact.pattern for fact in field.metadata if isinstance(getattr(fact, "pattern", None), str)]
    known = simple and all(_is_bound(fact) or _is_mark(fact) or _has_pattern(fact) for fact in field.metadata)
    kind = _kind(field.annotation) if known and len(patterns) < 2 else ""
    return OptionFacts(
        field.is_required(), _mark(field), kind, **bounds, pattern=patterns[0] if kind and patterns else None
    )


def _kind(annotation: Any) -> str:
    """Return the kind of an annotation such as `Annotated[str, …] | None`, empty for what is not simple."""
    while hasattr(annotation, "__metadata__"):
        if not all(_is_mark(fact) for fact in annotation.__metadata__):
            return ""
        annotation = get_args(annotation)[0]
    if annotation in _KINDS:
        return _KINDS[annotation]
    arguments = [argument for argument in get_args(annotation) if argument is not type(None)]
    if get_origin(annotation) is dict:
        key, value = arguments
        return "map" if key is str and set(get_args(value)) == {str, int, float} else ""
    return _kind(arguments[0]) if len(arguments) == 1 and get_origin(annotation) is not list else ""


def _mark(field: Any) -> Requirement | str | None:
    from ..spec import Condition, ReferenceTo

    for fact in (*field.metadata, *_annotations(field.annotation)):
        if isinstance(fact, ReferenceTo):
            return Requirement(fact.kind, fact.readable, fact.writable)
        if isinstance(fact, Condition):
            return CONDITION_ON_VALUE if fact.on_value else CONDITION
    return None


def _is_bound(fact: Any) -> bool:
    return hasattr(fact, "ge") or hasattr(fact, "gt")


def _has_pattern(fact: Any) -> bool:
    """Return whether a fact is a regular expression and nothing else; pydantic keeps several facts in one."""
    return {name for name, value in getattr(fact, "__dict__", {}).items() if value is not None} == {"pattern"}


def _is_mark(fact: Any) -> bool:
    from ..spec import Condition, ReferenceTo

    return isinstance(fact, Condition | ReferenceTo)


def _annotations(annotation: Any) -> Iterator[Any]:
    """Return everything that is attached inside an annotation, such as `Annotated[str, ReferenceTo(…)] | None`."""
    yield from getattr(annotation, "__metadata__", ())
    for argument in get_args(annotation):
        yield from _annotations(argument)
