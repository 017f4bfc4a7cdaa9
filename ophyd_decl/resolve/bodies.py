"""Expressions in the body of a type or group: addresses and params of children become templates, all else values."""

from collections.abc import Mapping
from typing import Any

from ..model.types import VECTOR_KEYS
from ..source.tree import LocatedList, LocatedMapping, Node
from .expressions import OPENING, Expression, ExpressionError, split
from .scope import Scope, expand, located

#: Keys of signals and commands whose texts are addresses.
ADDRESSES = ("suffix", "pv", "attr", "cmd")
#: Keys of derived signals whose texts are formulas and hold no expressions.
_FORMULAS = ("get", "set", "inputs")


def expand_member(block: str, mapping: LocatedMapping, scope: Scope) -> LocatedMapping:
    """Return an entry of a block of members with its expressions replaced.

    :param block: `signals`, `commands`, `children`, `vectors` or `derived`.
    """
    if block in ("signals", "commands"):
        return _expand(mapping, scope, ADDRESSES, address=True)
    if block in ("children", "vectors"):
        # How params are expanded depends on the type; those of a vector see `key` too, and so do its overrides.
        params = [key for key in mapping if key not in VECTOR_KEYS or key in ("type", "overrides")]
        return mapping.replaced(_expand(mapping.without(*params), scope, ()))
    formulas = {key: mapping[key] for key in _FORMULAS if key in mapping}
    expanded = _expand(mapping.without(*formulas), scope, ())
    return mapping.replaced({**expanded, **formulas})


def expand_params(mapping: LocatedMapping, names: tuple[str, ...], scope: Scope) -> LocatedMapping:
    """Return the params that a child or an item of a vector is given."""
    return _expand(mapping.only(names), scope, names)


def _expand(
    mapping: LocatedMapping, scope: Scope, templates: tuple[str, ...], *, address: bool = False
) -> LocatedMapping:
    changed: dict[str, Any] = {}
    for key, value in mapping.items():
        if key in templates:
            new = _template(value, mapping, key, scope, address=address)
        else:
            new = _value(value, mapping, key, scope)
        if new is not value:
            changed[key] = new
    return mapping.replaced(changed) if changed else mapping


def _template(value: Node, holder: LocatedMapping, key: str, scope: Scope, *, address: bool) -> Node:
    if isinstance(value, str):
        return scope.template(value, holder, key, address=address) if OPENING in value else value
    if address and isinstance(value, LocatedMapping):
        return value.replaced({name: _template(item, value, name, scope, address=True) for name, item in value.items()})
    return expand(value, scope)


def _value(value: Node, holder: LocatedMapping, key: str, scope: Scope) -> Node:
    if isinstance(value, str):
        return located(scope.value(value, holder, key), holder, key) if OPENING in value else value
    return expand(value, scope) if isinstance(value, LocatedMapping | LocatedList) else value


def is_one_expression(node: Node) -> bool:
    """Return whether a value is one expression and no text, so that it keeps the type of its result."""
    try:
        return isinstance(node, str) and OPENING in node and len(split(node)) == 1
    except ExpressionError:
        return False


def names_in(node: Node, *, all_of_them: bool) -> set[str]:
    """Return the names that the expressions below a node read.

    :param all_of_them: also those of an expression that is one name and nothing else.
    """
    if isinstance(node, str):
        if OPENING not in node:
            return set()
        try:
            parts = split(node)
        except ExpressionError:
            return set()
        return {
            name for part in parts if isinstance(part, Expression) and (all_of_them or not part.simple)
            for name in part.names
        }  # fmt: skip
    if isinstance(node, LocatedMapping | LocatedList):
        items: Any = node.values() if isinstance(node, Mapping) else node
        return {name for item in items for name in names_in(item, all_of_them=all_of_them)}
    return set()
