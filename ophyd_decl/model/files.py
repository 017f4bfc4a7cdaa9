"""The three kinds of file: their keys at the top, `defaults`, and the items of `include`."""

from dataclasses import replace
from typing import Any

from ..source.suggest import suggest
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from ..vocab.keywords import CONNECT_POLICIES, PROTOCOLS
from .blocks import Block, Key
from .connectors import CONNECTOR
from .kinds import Flag, Kind, ListOf, MapOf, Number, Spot, Text, Tree, Word, shown
from .signal_kinds import TimeoutSeconds

API = "ophyd_decl/v1"
#: Keys that neither a profile nor `--set` can change.
FIXED = ("api", "kind", "profiles")
KINDS = ("types", "beamline", "fragment")
#: Variables that a beamline may set begin with this, or are among these.
_ENVIRONMENT_PREFIX, _ENVIRONMENT_NAMES = "EPICS_", ("TANGO_HOST",)


class Items(Kind):
    """A list that is read later, by those who know what may stand in it."""

    expected = "a list"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        if isinstance(value, LocatedList) or value is UNKNOWN:
            return value
        help_text = f"put it in brackets: [{value}]" if isinstance(value, str) else "write a list"
        return spot.error("E120", f"expected a list, got {shown(value)}", help_text)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array"}


class Variables(MapOf):
    """Variables of the environment: text, and only those of EPICS and Tango."""

    def __init__(self) -> None:
        super().__init__(Text())

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the value, or `FAILED` after a diagnostic."""
        items = super().read(value, spot)
        if not isinstance(value, LocatedMapping):
            return items
        for name in value:
            if not name.startswith(_ENVIRONMENT_PREFIX) and name not in _ENVIRONMENT_NAMES:
                place = value.key_place(name)
                summary = f"`{name}` is no variable of EPICS or Tango"
                help_text = suggest(name, _ENVIRONMENT_NAMES) or "remove it; only `EPICS_…` and `TANGO_HOST` can be set"
                spot.findings.error("E129", summary, place, help_text)
        return items

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        names = "|".join(_ENVIRONMENT_NAMES)
        return {
            "type": "object",
            "patternProperties": {f"^({_ENVIRONMENT_PREFIX}.*|{names})$": self.item.schema()},
            "additionalProperties": False,
        }


_HEADER = {
    "api": Key(Text(), f"version of the language: `{API}`", required=True),
    "kind": Key(Word(*KINDS), "kind of the file", required=True),
    "doc": Key(Text(), "what the file holds"),
}
TYPES_FILE = Block(
    "a file of kind types",
    {
        **_HEADER,
        "namespace": Key(Text(), "its types are used as NAMESPACE.NAME", required=True),
        "types": Key(Tree(), "types by name", required=True),
        "use": Key(ListOf(Text()), "files of kind types, or `pkg:NAME`"),
    },
)
DEFAULTS = Block(
    "defaults",
    {
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of addresses without a scheme", "ca"),
        "timeout": Key(TimeoutSeconds(), "seconds that an operation may take, or `{connect, read, write}`", "5, 5, 10"),
        "connect": Key(Word(*CONNECT_POLICIES), "what it means if a device does not answer", "required"),
        "connector": CONNECTOR,
    },
)
#: Keys whose mappings have keys of their own, which are easily written one level too high.
_INNER = {"defaults": DEFAULTS}
BEAMLINE_FILE = Block(
    "a beamline",
    {
        **_HEADER,
        "name": Key(Text(), "name of the beamline", required=True),
        "vars": Key(Tree(), "values for expressions, by name"),
        "defaults": Key(Tree(), "what holds where a device says nothing"),
        "use": Key(ListOf(Text()), "files of kind types below the folder of the beamline, or `pkg:NAME`"),
        "include": Key(Items(), "fragments whose devices are part of the beamline"),
        "environment": Key(Variables(), "variables of EPICS and Tango, those of the process win"),
        "services": Key(Tree(), "what devices use and is no device, by name"),
        "devices": Key(Tree(), "devices by name"),
        "groups": Key(MapOf(ListOf(Text())), "selectors by the name of a group"),
        "name_separator": Key(Word("-", "_"), "stands between the names of a device and its member", "-"),
        "read_only": Key(Flag(), "whether no put ever leaves the process", "false"),
        "liveness": Key(Number(gt=0), "a held value is served if its server was heard within this time, in s", "5"),
        "profiles": Key(Tree(), "named sets of changes: keys of a beamline by the name of the profile"),
        "python_allow": Key(
            ListOf(Text()),
            "Python classes that may be loaded: patterns of `module.Name`, in which `*` also crosses dots",
        ),
    },
    inner=_INNER,
)
FRAGMENT_FILE = Block(
    "a fragment",
    {
        **_HEADER,
        "params": Key(Tree(), "what it is given by `with`, by name"),
        "requires": Key(ListOf(Text()), "variables of the beamline that it reads"),
        "vars": Key(Tree(), "values for its own expressions, by name"),
        "use": Key(ListOf(Text()), "files of kind types, or `pkg:NAME`"),
        "include": Key(Items(), "fragments whose devices are part of this one"),
        "services": Key(Tree(), "what devices use and is no device, by name"),
        "devices": Key(Tree(), "devices by name"),
    },
)
#: An item of `include` that is more than the name of a file.
INCLUDE = Block(
    "an include",
    {
        "file": Key(Text(), "the fragment, a path from this file, or `pkg:NAME/FILE`", required=True),
        "with": Key(Tree(), "values for the params of the fragment"),
        "prefix": Key(Text(), "stands before the names of its devices and services"),
    },
)
#: What a profile may change.
PROFILE = Block(
    "a profile",
    {name: replace(key, required=False) for name, key in BEAMLINE_FILE.keys.items() if name not in FIXED},
    inner=_INNER,
)
