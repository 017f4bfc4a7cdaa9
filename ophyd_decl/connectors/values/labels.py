"""Enums, by label and never by position (design 3, rule 4).

A served label that is repeated or empty has no name of its own: it reads as `#3` and cannot be written.
"""

from typing import Any

from ...vocab.datatypes import SCALAR_NUMPY, Choice, Datatype, NativeType
from .parts import Conversion, Outcome, WireTraits, bad_value, mismatch, unreadable


def served_names(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Return one name for each served label: the label, or `#3` if it is empty or occurs twice."""
    return tuple(label if label and labels.count(label) == 1 else f"#{index}" for index, label in enumerate(labels))


def enum_conversion(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Return the conversion for `enum`: from an enum, or from text that is one of the declared labels."""
    if native.kind == "str":
        return _enum_from_text(datatype, native, traits)
    if native.kind != "enum":
        return mismatch(datatype, native, "enum needs labels, and the server has none")
    names = served_names(native.choices)
    choices = datatype.choices
    if choices is None:
        return enum_of(names, names, str(datatype))
    problem = compare(choices, names, datatype.match)
    if problem:
        return mismatch(datatype, native, problem, _fix(datatype, names))
    local = tuple(next((c.label for c in choices if name in c.served), name) for name in names)
    return enum_of(local, tuple(c.label for c in choices), str(datatype), choices, names)


def compare(choices: tuple[Choice, ...], names: tuple[str, ...], match: str) -> str:
    """Return what is wrong between declared and served labels; empty if they agree."""
    if match == "exact":
        agree = len(choices) == len(names) and all(n in c.served for c, n in zip(choices, names, strict=True))
        return "" if agree else "the labels differ"
    if match == "subset":
        missing = [c.label for c in choices if not any(name in c.served for name in names)]
        return f"the server has no label for {_listed(missing)}" if missing else ""
    known = {label for c in choices for label in c.served}
    extra = [name for name in names if name not in known]
    return f"the server also has {_listed(extra)}" if extra else ""


def enum_of(
    local: tuple[str, ...],
    labels: tuple[str, ...],
    expected: str,
    choices: tuple[Choice, ...] = (),
    names: tuple[str, ...] = (),
) -> Conversion:
    """Return the conversion between the index of an enum and its label.

    :param local: label used here, for each index of the server.
    :param labels: labels in use here, in order.
    :param choices: the declaration, where there is one, with `names`, the server's names in order.
    """
    if choices:
        pairs = [(c.label, names.index(label)) for c in choices for label in reversed(c.served) if label in names]
    else:
        pairs = [(label, index) for index, label in enumerate(local)]
    index_of = {label: index for label, index in pairs if not _nameless(label)}

    def to_python(raw: int) -> str:
        return local[raw] if 0 <= raw < len(local) else f"#{raw}"

    def to_native(value: Any) -> int:
        if isinstance(value, str):
            index = index_of.get(value)
            if index is not None:
                return index
        raise _not_a_choice(value, tuple(index_of), expected)

    return Conversion(to_python, to_native, SCALAR_NUMPY["enum"], labels)


def _enum_from_text(datatype: Datatype, native: NativeType, traits: WireTraits) -> Outcome:
    """Text served, labels declared: the words themselves are checked at each read."""
    del traits
    choices = datatype.choices
    if choices is None or native.shape is not None:
        return mismatch(datatype, native, "served as text, so `choices` must be declared")
    label_of: dict[str, str] = {served: c.label for c in choices for served in c.served}
    served_of = {c.label: c.served[0] for c in choices if c.served}
    open_ended = datatype.match == "subset"

    def to_python(raw: Any) -> str:
        label = label_of.get(raw)
        if label is None and not open_ended:
            raise unreadable("not one of the declared labels", raw, str(datatype))
        return raw if label is None else label

    def to_native(value: Any) -> str:
        if isinstance(value, str) and value in served_of:
            return served_of[value]
        raise _not_a_choice(value, tuple(served_of), str(datatype))

    return Conversion(to_python, to_native, SCALAR_NUMPY["enum"], tuple(c.label for c in choices))


def _nameless(label: str) -> bool:
    return label.startswith("#") and label[1:].isdigit()


def _not_a_choice(value: Any, labels: tuple[str, ...], expected: str) -> Exception:
    if isinstance(value, str):
        error = bad_value("not one of the labels", value, expected)
    else:
        error = bad_value("an enum is written by its label", value, expected)
    error.help = f"one of {_listed(labels)}" if labels else "the server gives no label that can be written"
    return error


def _listed(labels: list[str] | tuple[str, ...]) -> str:
    return ", ".join(repr(label) for label in labels)


def _fix(datatype: Datatype, names: tuple[str, ...]) -> str:
    if datatype.match == "exact" and datatype.choices is not None:
        known = {label for c in datatype.choices for label in c.served}
        if set(names) == known:
            return "the order differs: take the server's order, or `match: superset`"
        if known <= set(names):
            return "the server has more labels: add them, or `match: subset`"
        if set(names) <= known:
            return "the server has fewer labels: remove the others, or `match: superset`"
    return f"the server has {_listed(names)}"
