"""Tells lists and mappings of any values apart from scalars, in a way that the type checker follows."""

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from .tree import UNKNOWN


def is_list(value: Any) -> TypeGuard[Sequence[Any]]:
    """Return whether a value is a list or tuple."""
    return isinstance(value, list | tuple)


def is_mapping(value: Any) -> TypeGuard[Mapping[str, Any]]:
    """Return whether a value is a mapping."""
    return isinstance(value, Mapping)


def holds_unknown(value: Any) -> bool:
    """Return whether anything in a value is not known before a type is used."""
    if is_mapping(value):
        return any(holds_unknown(item) for item in value.values())
    if is_list(value):
        return any(holds_unknown(item) for item in value)
    return value is UNKNOWN


def plain(value: Any) -> Any:
    """Return a value with ordinary dicts and lists in the place of located ones."""
    if is_mapping(value):
        return {key: plain(item) for key, item in value.items()}
    if is_list(value):
        return [plain(item) for item in value]
    return value
