"""Makes the schema of one kind of file from the blocks of the language, the types and plugins that are known."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ..compile.typebook import TypeModel
from ..model.addresses import PVI
from ..model.blocks import Key
from ..model.connectors import ConnectorUse
from ..model.files import API, KINDS, Items
from ..model.kinds import Tree
from ..model.params import ParamModel
from ..spec import PluginSpec
from . import grammar
from .expressions import DEFINITION, Schema, or_expression
from .expressions import REFERENCE as EXPRESSION
from .grammar import Inside, One, Section, TextOr
from .names import Names
from .options import options_schema, required_options
from .params import param_schema, param_text
from .partial import complete, part_of

DRAFT = "http://json-schema.org/draft-07/schema#"
#: Identifiers of Python, as far as a regular expression of an editor can say it.
_IDENTIFIER = "^[A-Za-z_\\u0080-\\uffff][A-Za-z0-9_\\u0080-\\uffff]*$"
_FREE: Schema = {"^x-": {}}


@dataclass(frozen=True, slots=True)
class Known:
    """What a schema can say beyond the language itself.

    :param types: that devices may be of.
    :param plugins: that roles may use, by role.
    :param all_types: there are no other types.
    :param names: of one beamline.
    """

    types: Mapping[str, TypeModel]
    plugins: Mapping[str, Sequence[PluginSpec]]
    all_types: bool = False
    names: Names | None = None


@dataclass(slots=True)
class SchemaWriter:
    """Collects the definitions that a schema refers to.

    :param resolved: values are final, so that expressions are no longer allowed.
    """

    known: Known
    resolved: bool = False
    _definitions: dict[str, Schema] = field(default_factory=dict[str, Schema])

    def file(self, kind: str) -> Schema:
        """Return the schema of a kind of file."""
        self._definitions = {} if self.resolved else {"expression": DEFINITION}
        root = self._closed(grammar.SECTIONS[kind])
        root["properties"]["api"] = {"const": API, "description": "Version of the language."}
        root["properties"]["kind"] = {"const": kind, "description": f"Kind of the file; there are {', '.join(KINDS)}."}
        complete(root, self._definitions)
        return {
            "$schema": DRAFT,
            "title": f"ophyd_decl, file of kind {kind}",
            **root,
            "definitions": dict(sorted(self._definitions.items())),
        }

    def _entry(self, name: str) -> Schema:
        """Return a reference to a definition, which is made if it is not there yet."""
        if name not in self._definitions:
            self._definitions[name] = {}
            makers: dict[str, Callable[[], Schema]] = {
                grammar.ANY_DEVICE: lambda: self._instance("device", grammar.IN_PLACE),
                grammar.ANY_CHILD: lambda: self._instance("child", {}),
                grammar.ANY_VECTOR: lambda: self._instance("vector", {}),
                grammar.ANY_SERVICE: self._service,
                grammar.ANY_TYPE: self._type,
                grammar.ANY_GROUP: self._group,
                grammar.LOGIC: self._logic,
                grammar.OVERRIDES: self._overrides,
                grammar.VALUE: dict,
                grammar.CONNECTOR: self._connector,
                "reference": lambda: _reference({"type": "string"}),
            }
            if self.known.names is not None:
                names = self.known.names
                makers["device_reference"] = lambda: _reference(names.path())
                makers["service_reference"] = lambda: _reference(names.service())
            maker = makers.get(name)
            self._definitions[name] = maker() if maker else self._closed(grammar.SECTIONS[name])
        return {"$ref": f"#/definitions/{name}"}

    def _closed(self, section: Section) -> Schema:
        """Return the schema of a block: its keys, and nothing else but `x-*`."""
        block = section.block
        properties = {name: self._property(section, name, key) for name, key in block.keys.items()}
        return _object(properties, [name for name, key in block.keys.items() if key.required])

    def _property(self, section: Section, name: str, key: Key) -> Schema:
        inside = section.inside.get(name)
        if inside is not None:
            return _described(self._inside(inside), _text(key))
        if isinstance(key.kind, Tree | Items):
            raise LookupError(f"the grammar does not say what stands in `{name}` of {section.block.name}")
        if isinstance(key.kind, ConnectorUse):
            return _described(self._entry(grammar.CONNECTOR), _text(key))
        schema = self._named(section, name) or key.kind.schema()
        if section.expressions and name not in section.literal:
            schema = self._open(schema)
        if key.replaced_by:
            # Not a `deprecationMessage`: the YAML language server makes an error of it, and it is none.
            schema = {**schema, "deprecated": True, "doNotSuggest": True}
        return _described(schema, _text(key))

    def _named(self, section: Section, name: str) -> Schema | None:
        """Return the schema of a key that names what the beamline has, None for any other key."""
        names = self.known.names
        if names is None:
            return None
        if (section.name, name) == ("beamline", "groups"):
            return {"type": "object", "additionalProperties": {"type": "array", "items": names.selector()}}
        if name == "labels":
            return {"type": "array", "items": names.label()}
        return None

    def _open(self, schema: Schema) -> Schema:
        return schema if self.resolved else or_expression(schema)

    def _inside(self, inside: Inside) -> Schema:
        entry = self._entry(inside.entry)
        if isinstance(inside, TextOr):
            return {"type": "array", "items": {"anyOf": [{"type": "string"}, entry]}}
        entry = part_of(inside.entry) if inside.partial else entry
        if isinstance(inside, One):
            return entry
        names: Schema = {"propertyNames": {"pattern": _IDENTIFIER}} if inside.identifiers else {}
        return {"type": "object", "additionalProperties": entry, **names}

    def _param(self, base: str, param: ParamModel) -> Schema:
        """Return the schema of what an entry gives for a param."""
        if param.type == "ref":
            return self._reference(base, param)
        if param.type != "options":
            return param_schema(param)
        plugins = [plugin for role in self.known.plugins.values() for plugin in role if plugin.name == param.of]
        return self._plugin(plugins[0], {}, [], "options") if plugins else {"type": "object"}

    def _reference(self, base: str, param: ParamModel) -> Schema:
        """Return the schema of a reference: only that of a device of a beamline begins at the beamline's root."""
        if self.known.names is None or base != "device":
            return self._entry("reference")
        return self._entry("service_reference" if param.to == "service" else "device_reference")

    def _instance(self, base: str, in_place: Mapping[str, str]) -> Schema:
        """Return the schema of an entry whose other keys depend on its type."""
        branches = {name: self._entry(entry) for name, entry in in_place.items()}
        branches |= {name: self._of_type(base, model) for name, model in self.known.types.items()}
        type_name = _described(self._type_name([*branches]), "Name of its type.")
        return self._choice("type", type_name, branches, None if self.known.all_types else base)

    def _type(self) -> Schema:
        """Return the schema of a type; where it extends others, its members are merged onto theirs."""
        return {"if": {"required": ["extends"]}, "then": part_of("type"), "else": self._entry("type")}

    def _group(self) -> Schema:
        """Return the schema of a group; where it extends types, it may also have keys for their params."""
        whole = self._entry("group")
        part = part_of("group")["$ref"]
        keys = {name: {"$ref": f"{part}/properties/{name}"} for name in self._definitions["group"]["properties"]}
        return {"if": {"required": ["extends"]}, "then": {"type": "object", "properties": keys}, "else": whole}

    def _service(self) -> Schema:
        """Return the schema of an entry whose other keys depend on the plugin that its `type` names."""
        plugins = self.known.plugins.get("service", ())
        self._entry("service")
        branches = {plugin.name: self._plugin(plugin, self._keys_of("service"), ["type"]) for plugin in plugins}
        names: Schema = {"anyOf": [{"enum": [*branches]}, {"type": "string"}]}
        return self._choice("type", _described(names, "Name of the plugin that makes it."), branches, "service")

    def _choice(self, key: str, word: Schema, branches: Mapping[str, Schema], base: str | None) -> Schema:
        """Return the schema of an entry of which one key says what the others may be.

        :param word: what may stand at that key.
        :param branches: schema of the entry by the value of that key.
        :param base: block whose keys hold for every other value; None: there is no other value.
        """
        schema: Schema = {"type": "object", "required": [key], "properties": {key: word}}
        cases: list[Schema] = [{"if": _is(key, [name]), "then": then} for name, then in branches.items()]
        if base is not None and branches:
            cases.append({"if": _is(key, [*branches]), "else": {"properties": self._keys_of(base)}})
        return {**schema, "allOf": cases} if cases else schema

    def _type_name(self, known: list[str]) -> Schema:
        names: Schema = {"enum": known}
        if self.known.all_types:
            return names
        namespaces = "|".join(sorted({name.partition(".")[0] for name in self.known.types}))
        other = f"^(?!(?:{namespaces})\\.)[^.]+\\.[^.]+$"
        return {"anyOf": [names, {"type": "string", "pattern": other}]}

    def _keys_of(self, base: str) -> dict[str, Schema]:
        where = self._entry(base)["$ref"]
        return {name: {"$ref": f"{where}/properties/{name}"} for name in self._definitions[base]["properties"]}

    def _of_type(self, base: str, model: TypeModel) -> Schema:
        """Return the schema of an instance of a type: the keys that each has, and its params."""
        name = f"{base}.{model.name}"
        if name not in self._definitions:
            self._entry(base)
            properties = self._keys_of(base)
            for param in model.params.values():
                schema = self._param(base, param)
                properties[param.name] = _described(self._open(schema), param_text(param))
            required = [*self._definitions[base].get("required", ())]
            free = {PVI} if base != "device" and model.takes_part_of_structure else set[str]()
            required += [param.name for param in model.params.values() if param.required and param.name not in free]
            schema = _object(properties, required)
            self._definitions[name] = {"description": model.doc, **schema} if model.doc else schema
        return {"$ref": f"#/definitions/{name}"}

    def _logic(self) -> Schema:
        roles = {role: {"description": text, **self._role_or_param(role)} for role, text in grammar.ROLES.items()}
        return {"type": "object", "properties": roles, "additionalProperties": False}

    def _overrides(self) -> Schema:
        """Return the schema of a mapping from paths to what is set there; the last of a path may be a role."""
        self._entry("override")
        self._entry(grammar.LOGIC)
        role = f"#/definitions/{grammar.LOGIC}.part/properties"
        return {
            "type": "object",
            "patternProperties": {rf"(^|\.)logic\.{name}$": {"$ref": f"{role}/{name}"} for name in grammar.ROLES},
            "additionalProperties": part_of("override"),
        }

    def _role_or_param(self, role: str) -> Schema:
        """Return the schema of a role: a plugin and its options, or an expression that gives them."""
        own = self._role(role)
        return own if self.resolved else {"if": {"type": "string"}, "then": EXPRESSION, "else": own}

    def _role(self, role: str) -> Schema:
        plugins = self.known.plugins.get(role, ())
        names: list[Schema] = [{"enum": [plugin.name for plugin in plugins]}] if plugins else []
        use = _described({"anyOf": [*names, {"type": "string"}]}, "Name of the plugin.")
        branches = {plugin.name: self._plugin(plugin, {"use": use}, ["use"]) for plugin in plugins}
        return self._choice("use", use, branches, None)

    def _connector(self) -> Schema:
        """Return the schema of a connector: its name alone, or beside its options."""
        names = [plugin.name for plugin in self.known.plugins.get("connector", ())]
        return {"anyOf": [{"enum": names}, {"type": "string", "minLength": 1}, self._role("connector")]}

    def _plugin(
        self, plugin: PluginSpec, beside: Mapping[str, Schema], required: list[str], form: str = "plugin"
    ) -> Schema:
        """Return the schema of the options of a plugin.

        :param beside: keys that stand beside the options.
        :param required: those of them that must be there.
        :param form: begins the name of the definition.
        """
        self._entry("reference")
        options, definitions = options_schema(plugin)
        self._definitions.update(definitions)
        options = {name: self._open(schema) for name, schema in options.items()}
        schema = _object({**beside, **options}, [*required, *required_options(plugin)])
        self._definitions[f"{form}.{plugin.name}"] = {"description": plugin.doc, **schema}
        return {"$ref": f"#/definitions/{form}.{plugin.name}"}


def _object(properties: Mapping[str, Schema], required: list[str]) -> Schema:
    schema: Schema = {
        "type": "object",
        "properties": dict(properties),
        "patternProperties": _FREE,
        "additionalProperties": False,
    }
    return {**schema, "required": required} if required else schema


def _reference(path: Schema) -> Schema:
    return _object({"ref": _described(path, "Path of what is meant.")}, ["ref"])


def _is(key: str, words: list[str]) -> Schema:
    return {"properties": {key: {"const": words[0]} if len(words) == 1 else {"enum": words}}, "required": [key]}


def _described(schema: Schema, text: str) -> Schema:
    """Return a schema with a description; what stands beside a `$ref` counts for nothing."""
    return {"description": text, **({"allOf": [schema]} if "$ref" in schema else schema)}


def _text(key: Key) -> str:
    text = f"{key.doc[:1].upper()}{key.doc[1:]}"
    if key.replaced_by:
        return f"Deprecated: write `{key.replaced_by}`."
    return f"{text}. Default: {key.default}." if key.default else f"{text}."
