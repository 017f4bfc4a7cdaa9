"""Which of all layers gives one value: the way of a path through types, instance, overrides, profile and settings.

It takes the same steps as building a shape does, for one path.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..check.overrides import NOTHING, Overlay, effective_entry, read_overlay
from ..check.paths import PathTuple
from ..errors import Place
from ..model.blocks import Block
from ..model.commands import COMMAND
from ..model.derived import DERIVED
from ..model.files import BEAMLINE_FILE, DEFAULTS
from ..model.services import SERVICE
from ..model.signals import SIGNAL
from ..model.types import CHILD, DEVICE, IN_PLACE, VECTOR
from ..resolve.inheritance import LOGIC, Body, Definition
from ..resolve.pieces import Entry, Piece
from ..resolve.repeat import repeated
from ..resolve.scope import Scope, expand
from ..source import LocatedMapping
from ..source.plain import is_list, plain
from ..source.suggest import suggest_or_list
from ..source.tree import UNKNOWN
from .reading import Reading
from .typebook import TypeModel

_BLOCKS: Mapping[str, Block] = {
    "signals": SIGNAL, "commands": COMMAND, "derived": DERIVED, "children": CHILD, "vectors": VECTOR,
}  # fmt: skip
REPEAT = "repeat"
_FILE = "the file"
_LANGUAGE = "the language"
#: Keys that hold for all below, unless something nearer says otherwise.
_INHERITED = ("protocol", "timeout", "connect", "connector")


class NoSuchKeyError(Exception):
    """A path leads to no key; the message says where it ends and what there is."""


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer that gives a value to a key.

    :param name: `the type i22.dcm`, `the device dcm`, `overrides`, `profile mock`, `--set`, `the language`.
    :param place: None for the language itself.
    """

    name: str
    value: Any
    place: Place | None


@dataclass(frozen=True, slots=True)
class Explanation:
    """The value of a key, and every layer that gives one; the first has won."""

    value: Any
    layers: tuple[Layer, ...]


def explain(reading: Reading, path: PathTuple) -> Explanation:
    """Return where the value at a path comes from.

    :param path: keys of the root of the beamline (`vars.bl`), or a device and what stands below it
        (`dcm.temperature.format`); `devices` may stand before a device.
    :raises NoSuchKeyError: if there is no such key.
    """
    first = str(path[0])
    for block, entries in (("services", reading.assembly.services), ("devices", reading.assembly.devices)):
        by_name = {entry.name: entry for entry in entries}
        if first == block and len(path) > 1:
            path, first = path[1:], str(path[1])
            if first not in by_name:
                raise NoSuchKeyError(f"there is no `{first}`; {suggest_or_list(first, by_name, block)}")
        if first in by_name:
            return _Device(reading, by_name[first], block).explain(path[1:])
    if first not in BEAMLINE_FILE.keys:
        names = [entry.name for entry in reading.assembly.devices]
        raise NoSuchKeyError(f"there is no `{first}`; {suggest_or_list(first, names, 'devices')}")
    return _in_tree(
        reading.root, path, reading.scope, _FILE, _default_of(BEAMLINE_FILE if len(path) == 1 else DEFAULTS)
    )


def _default_of(block: Block) -> Mapping[str, str]:
    return {name: key.default for name, key in block.keys.items() if key.default}


def _in_tree(
    mapping: LocatedMapping, path: PathTuple, scope: Scope, layer: str, defaults: Mapping[str, str]
) -> Explanation:
    """Return where a value comes from that stands in a mapping, at any depth."""
    for element in path[:-1]:
        inner = mapping.get(str(element))
        if not isinstance(inner, LocatedMapping):
            if inner is None and str(path[-1]) in defaults:
                break
            raise NoSuchKeyError(f"there is no `{element}`; {suggest_or_list(str(element), mapping, 'keys')}")
        mapping = inner
    key = str(path[-1])
    layers = _layers(mapping, key, scope, layer)
    if not layers and key in defaults:
        layers = [Layer(_LANGUAGE, defaults[key], None)]
    if not layers:
        known = [*mapping, *[name for name in defaults if name not in mapping]]
        raise NoSuchKeyError(f"there is no `{key}`; {suggest_or_list(key, known, 'keys')}")
    return Explanation(layers[0].value, tuple(layers))


def _layers(mapping: LocatedMapping, key: str, scope: Scope, layer: str) -> list[Layer]:
    """Return what gives a value to a key of one mapping, the winner first."""
    if key not in mapping:
        return []
    origins = mapping.origins.get(key, ()) if mapping.origins is not None else ()
    if not origins:
        return [Layer(layer, _shown(mapping, key, scope), mapping.value_place(key))]
    layers = [
        Layer(origin.layer or layer, _shown(origin.mapping, key, scope), origin.mapping.value_place(key))
        for origin in origins
    ]
    # The winner may be a mapping that was merged from several.
    return [Layer(layers[0].name, _shown(mapping, key, scope), layers[0].place), *layers[1:]]


def _shown(mapping: LocatedMapping, key: str, scope: Scope) -> Any:
    value = expand(mapping.only((key,)), scope)[key]
    return None if value is UNKNOWN else plain(value)


def _params(model: TypeModel, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the values of the params of a type."""
    return {name: given.get(name, None if item.required else item.default) for name, item in model.params.items()}


@dataclass(frozen=True, slots=True)
class _Member:
    """A member or role of a device: its entry, and the names that it sees."""

    definition: Definition
    mapping: LocatedMapping
    scope: Scope


class _Device:
    """Follows a path into one device or service."""

    def __init__(self, reading: Reading, entry: Entry, block: str) -> None:
        self._reading = reading
        self._entry = entry
        self._block = block
        self._book = reading.builder.book
        self._findings = reading.findings

    def explain(self, path: PathTuple) -> Explanation:
        """Return where the value at a path below the device comes from."""
        entry, body = self._entry, self._entry.body
        word = self._block.removesuffix("s")
        if not isinstance(body, LocatedMapping) or not path:
            raise NoSuchKeyError(f"`{entry.name}` is a {word}: add one of its keys to the path")
        layer = f"the {word} {entry.name}"
        if self._block == "services":
            return _in_tree(body, path, entry.scope, layer, _default_of(SERVICE))
        model = self._model(body)
        whole, scope = model.body, self._scope_of(model, body)
        key = str(path[0])
        if (key not in body and self._member(whole, key, scope)) or (key == LOGIC and len(path) > 1):
            overrides = body.get("overrides")
            overlay = NOTHING
            if isinstance(overrides, LocatedMapping):
                overlay = read_overlay(expand(overrides, entry.scope), self._findings)
            above = [(body, layer, entry.scope)]
            return self._below(whole, scope, overlay, path, above)
        if key in body:
            return _in_tree(body, path, entry.scope, layer, {})
        return self._not_written(model, key, body)

    def _member(self, whole: Body, name: str, scope: Scope) -> "_Member | None":
        """Return a member, also one of several that an entry with `repeat` makes."""
        definition = whole.members.get(name)
        if definition is not None and isinstance(definition.value, LocatedMapping) and REPEAT not in definition.value:
            return _Member(definition, definition.value, scope)
        for several in whole.members.values():
            if isinstance(several.value, LocatedMapping) and REPEAT in several.value:
                piece = Piece(several.holder.home(several.name).file, scope)
                entry = Entry(several.name, several.name, several.holder, several.value, piece, scope)
                for made in repeated(entry, self._findings):
                    if made.name == name:
                        return _Member(several, several.value.without(REPEAT), made.scope)
        return None

    def _model(self, body: LocatedMapping) -> TypeModel:
        """Return the type of an entry, or the entry itself where its structure stands in place."""
        kind = str(body.get("type"))
        model = self._book.get(kind)
        return model if model is not None else self._book.in_place(kind, body, self._entry.place)

    def _scope_of(self, model: TypeModel, body: LocatedMapping) -> Scope:
        """Return the names that the members of a device see: its params, and in place those of its file too."""
        outer = self._entry.scope
        own = model.body.name in IN_PLACE
        given = expand(body.only(model.params), outer)
        return Scope({**(outer.values if own else {}), **_params(model, given)}, self._findings)

    def _not_written(self, model: TypeModel, key: str, body: LocatedMapping) -> Explanation:
        """Return the value of a key that the device does not say: of its type, of `defaults`, of the language."""
        layers: list[Layer] = []
        whole, param = model.body, model.params.get(key)
        if param is not None and not param.required:
            layers.append(Layer(f"the type {whole.name}", plain(param.default), param.place))
        layers += self._inherited(key, whole)
        if not layers and DEVICE.keys.get(key) is not None:
            layers.append(Layer(_LANGUAGE, DEVICE.keys[key].default or None, None))
        if not layers:
            known = [*body, *whole.members, *model.params, *DEVICE.keys]
            raise NoSuchKeyError(f"`{self._entry.name}` has no `{key}`; {suggest_or_list(key, known, 'there are')}")
        return Explanation(layers[0].value, tuple(layers))

    def _inherited(self, key: str, whole: Body) -> list[Layer]:
        """Return what the type, `defaults` and the language say of a key that holds for all below."""
        if key not in _INHERITED:
            return []
        layers: list[Layer] = []
        head = whole.heads.get(key)
        if head is not None:
            layers.append(Layer(head.layer, plain(head.value), head.holder.value_place(head.name)))
        defaults = self._reading.root.get("defaults")
        if isinstance(defaults, LocatedMapping):
            layers += _layers(defaults, key, self._reading.scope, "defaults")
        if key in DEFAULTS.keys:
            layers.append(Layer(_LANGUAGE, DEFAULTS.keys[key].default, None))
        return layers

    def _below(
        self, whole: Body, scope: Scope, overlay: Overlay, path: PathTuple,
        above: list[tuple[LocatedMapping, str, Scope]],
    ) -> Explanation:  # fmt: skip
        """Follow a path from a device into its members and roles.

        :param above: the devices that hold it, nearest first.
        """
        first = str(path[0])
        if first == LOGIC and LOGIC not in whole.members:
            _, overlay = overlay.split(LOGIC)
            path, first = path[1:], str(path[1])
            role = whole.roles.get(first)
            member = _Member(role, role.value, scope) if role and isinstance(role.value, LocatedMapping) else None
        else:
            member = self._member(whole, first, scope)
        if member is None:
            raise NoSuchKeyError(f"there is no `{first}`; {suggest_or_list(first, whole.members, 'members')}")
        definition, scope = member.definition, member.scope
        own, below = overlay.split(first)
        effective = effective_entry(definition, member.mapping, own, self._findings)
        rest = path[1:]
        if definition.block == "vectors" and rest:
            return self._item(definition, effective, scope, below, rest, above)
        if definition.block == "children" and rest and not self._is_key(str(rest[0]), effective):
            return self._inside(definition, effective, scope, below, rest, above)
        return self._key(definition, effective, scope, rest, whole, above)

    def _is_key(self, key: str, effective: LocatedMapping) -> bool:
        model = self._book.get(str(effective.get("type")))
        if model is not None and key in model.body.members:
            return False
        return key in effective or key in CHILD.keys

    def _item(
        self, definition: Definition, effective: LocatedMapping, scope: Scope, below: Overlay, rest: PathTuple,
        above: list[tuple[LocatedMapping, str, Scope]],
    ) -> Explanation:  # fmt: skip
        if isinstance(rest[0], str) and rest[0] in VECTOR.keys and len(rest) == 1:
            return self._key(definition, effective, scope, rest, None, above)
        keys = plain(expand(effective.only(("keys",)), scope).get("keys"))
        if is_list(keys) and rest[0] not in keys:
            words = suggest_or_list(str(rest[0]), [str(key) for key in keys], "keys")
            raise NoSuchKeyError(f"`{definition.name}` has no item `{rest[0]}`; {words}")
        own, inside = below.split(rest[0])
        effective = effective_entry(definition, effective, own, self._findings)
        inner = scope.with_names({"key": rest[0]})
        if len(rest) == 1:
            raise NoSuchKeyError(f"`{definition.name}.{rest[0]}` is a device: add one of its keys to the path")
        return self._inside(definition, effective, inner, inside, rest[1:], above)

    def _inside(
        self, definition: Definition, effective: LocatedMapping, scope: Scope, below: Overlay, rest: PathTuple,
        above: list[tuple[LocatedMapping, str, Scope]],
    ) -> Explanation:  # fmt: skip
        """Follow a path into a child."""
        model = self._book.get(str(effective.get("type")))
        if model is None:
            raise NoSuchKeyError(f"`{definition.name}` has a type that is not known")
        overrides = effective.get("overrides")
        if isinstance(overrides, LocatedMapping):
            below = below.over(read_overlay(expand(overrides, scope), self._findings))
        inner = Scope(_params(model, expand(effective, scope)), self._findings)
        nearer = [(effective, f"the child {definition.name} of {definition.layer}", scope), *above]
        return self._below(model.body, inner, below, rest, nearer)

    def _key(
        self, definition: Definition, effective: LocatedMapping, scope: Scope, rest: PathTuple, whole: Body | None,
        above: list[tuple[LocatedMapping, str, Scope]],
    ) -> Explanation:  # fmt: skip
        if not rest:
            raise NoSuchKeyError(f"`{definition.name}` has several keys: {', '.join(f'`{key}`' for key in effective)}")
        block = _BLOCKS.get(definition.block)
        key = str(rest[0])
        if key in effective:
            return _in_tree(effective, rest, scope, definition.layer, {})
        layers: list[Layer] = []
        if key in _INHERITED and block is not None and key in block.keys:
            for holder, layer, names in above:
                layers += _layers(holder, key, names, layer)
            layers += self._inherited(key, whole or Body(""))
        if not layers and block is not None and key in block.keys:
            layers = [Layer(_LANGUAGE, block.keys[key].default or None, None)]
        if not layers:
            known = list(effective) if block is None else list(block.keys)
            raise NoSuchKeyError(f"`{definition.name}` has no `{key}`; {suggest_or_list(key, known, 'keys')}")
        return Explanation(layers[0].value, tuple(layers))
