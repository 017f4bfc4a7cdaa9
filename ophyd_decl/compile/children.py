"""Children and vectors: sub-devices of a type, with params that come from those of their parent."""

from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from ..blueprint import ChildShape, Param, Template, VectorShape
from ..check.connectors import read_connector
from ..check.overrides import NOTHING, Overlay, Override, effective_entry, read_overlay
from ..errors import Note, Place
from ..model.addresses import PVI, part_of_structure
from ..model.blocks import Block
from ..model.kinds import FAILED, Spot, shown
from ..model.macros import has_macro, report_macro
from ..model.params import ParamModel
from ..model.signal_kinds import with_timeout
from ..model.signals import Surroundings
from ..model.types import CHILD, CHILD_KEYS, DEVICE_KEYS, IN_PLACE, OVERRIDABLE_OF_CHILDREN, VECTOR, VECTOR_KEYS
from ..resolve.bodies import expand_params, is_one_expression, names_in
from ..resolve.inheritance import Definition
from ..resolve.scope import Scope, expand
from ..source.suggest import listed
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from .draft import Draft, MemberReference
from .typebook import TypeModel

if TYPE_CHECKING:
    from .shapes import ShapeBuilder

#: Items of all vectors that are built; vectors in vectors grow quickly.
MAX_ITEMS = 20_000
#: What can be overridden of one item of a vector.
_ITEM = Block("an item of a vector", {name: CHILD_KEYS[name] for name in OVERRIDABLE_OF_CHILDREN})
Params = Mapping[str, ParamModel]


class ChildReader:
    """Reads the entries of `children` and `vectors`."""

    def __init__(self, builder: "ShapeBuilder") -> None:
        self._builder = builder
        self._findings = builder.findings
        self._items = 0

    def child(
        self, definition: Definition, mapping: LocatedMapping, scope: Scope, around: Surroundings, draft: Draft,
        overlay: Overlay = NOTHING,
    ) -> ChildShape | None:  # fmt: skip
        """Return a child, or None after diagnostics.

        :param mapping: its entry, with overrides merged onto it.
        :param overlay: what the devices that hold it override in it.
        """
        before, name, owner = self._findings.error_count, definition.name, definition.place
        found = self._own(mapping, owner, CHILD)
        if found is None:
            return None
        model, values = found
        overlay = overlay.over(self._overlay(values, scope))
        child = self._item(name, model, values, mapping, definition, scope, around, draft, overlay)
        return child if self._findings.error_count == before else None

    def vector(
        self, definition: Definition, mapping: LocatedMapping, scope: Scope, around: Surroundings, draft: Draft,
        overlay: Overlay = NOTHING,
    ) -> VectorShape | None:  # fmt: skip
        """Return a vector, or None after diagnostics; one whose keys are not known yet has no items.

        :param mapping: its entry, with overrides merged onto it.
        :param overlay: what the devices that hold it override in it.
        """
        before, name, owner = self._findings.error_count, definition.name, definition.place
        found = self._own(mapping, owner, VECTOR)
        if found is None:
            return None
        model, values = found
        keys = self._keys(values.get("keys", UNKNOWN), mapping)
        if keys is not UNKNOWN:
            overlay.report_unknown(keys, self._findings)
        shared = {key: value for key, value in values.items() if key not in ("name", "doc")}
        items: list[ChildShape] = []
        for key in cast("list[Any]", [UNKNOWN] if keys is UNKNOWN else keys):
            self._items += 1
            if self._items > MAX_ITEMS:
                self._findings.error("E105", f"more than {MAX_ITEMS} items of vectors", owner, "use fewer keys")
                return None
            inner = scope.with_names({"key": key})
            own, outer = overlay.split(key)
            changed = {**shared, **self._overridden(own, definition, mapping)} if own else shared
            nearer = self._overlay(values, inner)
            item = self._item(key, model, changed, mapping, definition, inner, around, draft, outer.over(nearer))
            if self._findings.error_count != before:
                return None
            if item is not None and keys is not UNKNOWN:
                items.append(item)
        return VectorShape(
            key=name,
            items=tuple(items),
            format=values.get("format", "child"),
            place=owner,
            doc=values.get("doc", "").strip(),
            document_name=values.get("name"),
        )

    def _overlay(self, values: Mapping[str, Any], scope: Scope) -> Overlay:
        """Return what an entry overrides itself."""
        overrides = values.get("overrides")
        return NOTHING if overrides is None else read_overlay(expand(overrides, scope), self._findings)

    def _overridden(
        self, overrides: Sequence[Override], definition: Definition, mapping: LocatedMapping
    ) -> dict[str, Any]:
        """Return what one item of a vector has that can be overridden."""
        merged = effective_entry(definition, mapping.without("name", "doc"), overrides, self._findings)
        heads = merged.only(OVERRIDABLE_OF_CHILDREN)
        return _ITEM.read(heads, self._findings, definition.place)

    def _own(self, mapping: LocatedMapping, owner: Place, block: Block) -> tuple[TypeModel, dict[str, Any]] | None:
        """Return the type and those values of the keys that are no params which are sound."""
        own = mapping.only(block.keys)
        values = block.read(own, self._findings, owner)
        if "connector" in values:
            values["connector"] = read_connector(own, self._findings)
        name = values.get("type")
        model = None
        if name is not None and not self._builder.book.is_circular(mapping):
            model = self.find_type(name, own)
        if model is None:
            return None
        return model, {key: value for key, value in values.items() if value is not UNKNOWN or key == "keys"}

    def find_type(self, name: Any, mapping: LocatedMapping) -> TypeModel | None:
        """Return the type that an entry names, or None after a diagnostic."""
        findings, book = self._findings, self._builder.book
        place = mapping.value_place("type")
        if not isinstance(name, str):
            if name is not UNKNOWN:
                findings.error("E121", f"expected the name of a type, got {shown(name)}", place, "write a name")
            return None
        if name in IN_PLACE:
            help_text = "declare a type that has these members, and write its name here"
            findings.error("E401", f"`{name}` is for devices of a beamline, not for children", place, help_text)
            return None
        model = book.get(name)
        if model is None:
            book.report_unknown(name, place)
        elif not book.is_usable(model, mapping):
            return None
        return model

    def _keys(self, value: Any, mapping: LocatedMapping) -> Any:
        """Return the keys of a vector; `UNKNOWN` also after a diagnostic, so that its params are checked too."""
        if value is UNKNOWN:
            return value
        holder = mapping["keys"]
        keys: dict[Any, None] = {}
        before = self._findings.error_count
        for index, key in enumerate(value):
            spot = Spot(holder if isinstance(holder, LocatedList) else mapping, index, self._findings)
            if key is UNKNOWN:
                return UNKNOWN
            if isinstance(key, bool) or not isinstance(key, int | str) or key == "":
                spot.error("E121", f"a key must be a whole number or text, got {shown(key)}", "change the key")
            elif isinstance(key, int) and key < 0:
                spot.error("E123", f"the key {key} is negative", "use 0 or more")
            elif key in keys:
                spot.error("E405", f"the key {shown(key)} is repeated", "remove one of the two")
            else:
                keys[key] = None
        return list(keys) if self._findings.error_count == before else UNKNOWN

    def _item(
        self, key: Any, model: TypeModel, values: dict[str, Any], mapping: LocatedMapping, definition: Definition,
        scope: Scope, around: Surroundings, draft: Draft, overlay: Overlay,
    ) -> ChildShape | None:  # fmt: skip
        own_keys, owner = VECTOR_KEYS if definition.block == "vectors" else CHILD_KEYS, definition.place
        references: list[tuple[ParamModel, Any, Spot]] = []
        within = None
        if around.pvi and model.takes_part_of_structure and PVI not in mapping:
            is_item = definition.block == "vectors"
            within = part_of_structure(*((definition.name, key) if is_item else (key,)))
        given = self._given(model, mapping, own_keys, owner, scope, draft.params, references, within)
        if given is None:
            return None
        fixed = {name: value for name, value in given.items() if name in model.structural}
        fixed |= {
            name: value for name, value in given.items()
            if name in model.in_formulas and not isinstance(value, Template) and not isinstance(value, str)
        }  # fmt: skip
        timeouts = with_timeout(around.timeouts, values.get("timeout"))
        words = [f"{name} = {shown(value)}" for name, value in fixed.items()]
        cause = Note(f"with {', '.join([*words, *(['overrides'] if overlay else [])])} from here", owner)
        shape = self._builder.shape(model, fixed, timeouts, cause, overlay)
        if shape is None:
            return None
        for param, value, spot in references:
            draft.references.append(MemberReference(definition.name, key, param, value, spot))
        return ChildShape(
            key=key,
            shape=shape,
            values=tuple(
                (name, template) for name, value in given.items() if (template := _template(value)) is not None
            ),
            format=values.get("format", "child"),
            place=owner,
            protocol=values.get("protocol", model.protocol),
            connector=values.get("connector"),
            document_name=values.get("name"),
            labels=tuple(values.get("labels", ())),
            doc=values.get("doc", "").strip(),
        )

    def _given(
        self, model: TypeModel, mapping: LocatedMapping, own_keys: dict[str, Any], owner: Place, scope: Scope,
        params: Params, references: list[tuple[ParamModel, Any, Spot]], within: Template | None,
    ) -> dict[str, Any] | None:  # fmt: skip
        """Return the value of each param of a child: a template over the params of the parent, or a constant.

        :param within: which part of the structure of its parent it is, where it does not say so itself.
        :param references: takes those that are references, which are looked up when all members are known.
        """
        before = self._findings.error_count
        names = tuple(key for key in mapping if key not in own_keys)
        fixed = tuple(
            name for name in names if name in model.structural or _is_constant(model.params.get(name), mapping, scope)
        )
        free = tuple(name for name in names if name not in fixed)
        given: dict[str, Any] = {}
        expanded = {**expand_params(mapping, free, scope), **expand_values(mapping, fixed, scope)}
        for name in names:
            value = expanded[name]
            param = model.params.get(name)
            spot = Spot(mapping, name, self._findings)
            if param is None:
                if name not in model.failed_params:
                    report_unknown_param(name, mapping, model, own_keys, self._findings)
            elif isinstance(value, Template):
                checked = self._checked_template(value, param, spot, params, scope)
                if param.type == "ref" and isinstance(checked, Template):
                    references.append((param, str(checked.parts[0].name), spot))  # type: ignore[union-attr]
                else:
                    given[name] = checked
            elif param.type == "ref":
                if value is not UNKNOWN and not (value is None and not param.required):
                    references.append((param, value, spot))
            else:
                given[name] = param.read(value, spot)
        if within is not None:
            given[PVI] = within
        report_missing(model, mapping, owner, self._findings, given)
        if self._findings.error_count != before or FAILED in given.values():
            return None
        for name, param in model.params.items():
            if name not in given and not param.required and param.default is not None:
                given[name] = param.default
        return given

    def _checked_template(self, template: Template, param: ParamModel, spot: Spot, params: Params, scope: Scope) -> Any:
        """Return a template whose result has the type of the param it is for, and where it is known its bounds."""
        made = "str"
        if len(template.parts) == 1 and isinstance(template.parts[0], Param):
            source = params.get(template.parts[0].name)
            made = source.type if source is not None else param.type
        if made != param.type and (made, param.type) != ("int", "float"):
            spot.error(
                "E121", f"`{param.name}` must be of type `{param.type}`, and this is of type `{made}`",
                f"give it a value of type `{param.type}`",
            )  # fmt: skip
            return FAILED
        if len(template.parts) == 1 and isinstance(template.parts[0], str):
            return param.read(template.parts[0], spot)
        for part in template.parts:
            if has_macro(part) and report_macro(str(part), spot) is not None:
                return FAILED
        names = [part.name for part in template.parts if isinstance(part, Param)]
        known = all(scope.values.get(name, UNKNOWN) is not UNKNOWN for name in names)
        if param.bounded and known and param.read(template.render(scope.values), spot) is FAILED:
            return FAILED
        return template


def _is_constant(param: ParamModel | None, mapping: LocatedMapping, scope: Scope) -> bool:
    """Return whether the value of a param that is no text is known here, as by the key of a vector."""
    if param is None or param.type == "str":
        return False
    value = mapping[param.name]
    # What is computed is so for each value of the params that it reads; one name alone is passed on as it is.
    computed = names_in(value, all_of_them=False) if is_one_expression(value) else frozenset[str]()
    names = names_in(value, all_of_them=True)
    return bool(names) and names <= scope.constants | computed


def expand_values(mapping: LocatedMapping, names: tuple[str, ...], scope: Scope) -> dict[str, Any]:
    """Return the values of some keys with their expressions replaced."""
    return dict(expand(mapping.only(names), scope))


def report_unknown_param(
    name: str, mapping: LocatedMapping, model: TypeModel, own_keys: Mapping[str, Any], findings: Any
) -> None:
    """Say that a type has no such param."""
    if name.startswith("x-"):
        return
    known = [key for key in (*model.params, *own_keys) if key not in mapping]
    help_text = findings.suggest(name, known) or f"remove it; params: {listed(model.params)}"
    if name == "connect":
        help_text = "remove it: whether a device must answer is said of devices of a beamline"
    notes = (Note(f"`{model.name}` is declared here", model.source.place),)
    findings.error("E110", f"unknown key `{name}` in {model.name}", mapping.key_place(name), help_text, notes)


def report_missing(
    model: TypeModel, mapping: LocatedMapping, owner: Place, findings: Any, given: Container[str] = ()
) -> None:
    """Say which required params are missing.

    :param given: those that something else than the entry gives.
    """
    for name, param in model.params.items():
        if param.required and name not in mapping and name not in given:
            if findings.is_misspelt(name, mapping, (*model.params, *CHILD_KEYS, *VECTOR_KEYS, *DEVICE_KEYS)):
                continue
            doc = f", {param.doc}" if param.doc else ""
            notes = (Note(f"`{name}` is declared here", param.place),)
            findings.error("E111", f"`{name}` is missing in {model.name}", owner, f"add `{name}:`{doc}", notes)


def _template(value: Any) -> Template | None:
    """Return what gives a param of the child its value; None for a list or mapping, which decides the structure."""
    if isinstance(value, Template):
        return value
    return Template((value,)) if isinstance(value, str | int | float) else None
