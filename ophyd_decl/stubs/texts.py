"""Docstrings of a stub: what the file says of a member, its address, unit, sizes and place."""

from collections.abc import Iterator, Mapping
from typing import Any

from ..blueprint import (
    Address,
    ChildShape,
    CommandShape,
    Derived,
    DeviceBlueprint,
    Reference,
    SignalShape,
    Soft,
    TangoTemplate,
    Template,
    VectorShape,
)
from ..vocab.addresses import source_of
from ..vocab.keywords import DEFAULT_PROTOCOL


class Braces(Mapping[str, str]):
    """Gives the name of a param in braces for its value."""

    def __getitem__(self, name: str) -> str:
        """Return `{name}`."""
        return f"{{{name}}}"

    def __iter__(self) -> Iterator[str]:
        """Iterate over nothing: every name is known."""
        return iter(())

    def __len__(self) -> int:
        """Return 0."""
        return 0


_BRACES = Braces()
#: Types whose addresses name no protocol that could be another one.
_OWN_PROTOCOL = frozenset({"tango.device", "pvi.device"})


def signal_facts(signal: SignalShape) -> list[str]:
    """Return address, unit and sizes of a signal."""
    origin = signal.origin
    match origin:
        case Derived():
            facts = [f"= {origin.get}" if origin.get else "one of " + _names(origin)]
        case Soft():
            facts = ["a value of this process"]
        case Address():
            facts = [_address(origin)]
    if signal.units:
        facts.append(f"unit {signal.units}")
    shape = signal.datatype.shape
    if shape is not None:
        facts.append(f"shape [{', '.join('any' if size is None else str(size) for size in shape)}]")
    if signal.optional:
        facts.append("may be absent")
    return facts


def command_facts(command: CommandShape) -> list[str]:
    """Return the address of a command, and what it sends."""
    facts = [_address(command.address)]
    if command.argument is not None and command.value is not None:
        facts.append(f"sends {command.value!r} unless told otherwise")
    return facts


def child_facts(child: ChildShape) -> list[str]:
    """Return the params of a sub-device, and its labels."""
    params = [f"{name} = {_rendered(template)}" for name, template in child.values]
    params.extend(f"{name} = {reference}" for name, reference in child.references)
    return [*params, *_labels(child.labels)]


def vector_facts(vector: VectorShape) -> list[str]:
    """Return the params of the first and last item of a vector."""
    items = [vector.items[0], vector.items[-1]] if len(vector.items) > 1 else list(vector.items)
    return [f"{item.key}: {', '.join(child_facts(item))}" for item in items if child_facts(item)]


def device_facts(device: DeviceBlueprint) -> list[str]:
    """Return the params of a device, its labels, and how it connects."""
    facts = [
        f"{name} = {value if isinstance(value, Reference | str) else repr(value)}"
        for name, value in device.values.items()
    ]
    if device.protocol != DEFAULT_PROTOCOL and device.python is None and device.shape.type not in _OWN_PROTOCOL:
        facts.append(f"protocol: {device.protocol}")
    facts.extend(_labels(device.labels))
    if device.connect != "required":
        facts.append(f"connect: {device.connect}")
    return facts


def docstring(doc: str, facts: list[str], indent: str = "") -> list[str]:
    """Return the lines of a docstring.

    :param facts: the last one is the place.
    """
    line = "; ".join(one_line(_clean(fact)) for fact in facts)
    text = [part.rstrip() for part in _clean(doc).strip().splitlines()]
    if not text:
        return [f'{indent}"""{line}"""']
    return [
        f'{indent}"""{text[0]}',
        *(f"{indent}{part}".rstrip() for part in text[1:]),
        "",
        f"{indent}{line}",
        f'{indent}"""',
    ]


def one_line(text: str) -> str:
    """Return a text in one line, with what cannot be printed as it is written in Python: it may stand in a comment."""
    return "".join(char if char.isprintable() else ascii(char)[1:-1] for char in " ".join(text.split()))


def _labels(labels: tuple[str, ...]) -> list[str]:
    return [f"labels: {', '.join(labels)}"] if labels else []


def _names(table: Derived) -> str:
    return ", ".join(position.name for position in table.positions)


def _address(address: Address) -> str:
    read, write = _source(address.read, address.protocol), _source(address.write, address.protocol)
    if not read or not write or read == write:
        return read or write
    return f"{read}, written to {write}"


def _source(template: Template | None, protocol: str | None) -> str:
    """Return an address, with its scheme where the file or type says which it is."""
    text = _rendered(template)
    return text if protocol is None or not text or isinstance(template, TangoTemplate) else source_of(protocol, text)


def _rendered(template: Template | None) -> str:
    values: Any = _BRACES
    return "" if template is None else str(template.render(values))


def _clean(text: str) -> str:
    """Return a text that may stand in a docstring."""
    kept = "".join(
        char if char.isprintable() or char == "\n" else ascii(char)[1:-1] for char in text.replace("\\", "\\\\")
    )
    return kept.replace('"', '\\"') if '"""' in kept or kept.rstrip().endswith('"') else kept
