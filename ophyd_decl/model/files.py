"""The three kinds of file: their keys at the top, and `defaults`."""

from ..vocab.keywords import CONNECT_POLICIES, PROTOCOLS
from .blocks import Block, Key
from .kinds import Anything, Flag, ListOf, MapOf, Number, Text, Tree, Word
from .signal_kinds import TimeoutSeconds

API = "ophyd_decl/v1"
KINDS = ("types", "beamline", "fragment")
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
        "use": Key(Anything(), "files whose types it uses", later=True),
    },
)
BEAMLINE_FILE = Block(
    "a beamline",
    {
        **_HEADER,
        "name": Key(Text(), "name of the beamline", required=True),
        "vars": Key(Tree(), "values for expressions, by name"),
        "defaults": Key(Tree(), "what holds where a device says nothing"),
        "use": Key(ListOf(Text()), "files with types, below the folder of the beamline"),
        "services": Key(Tree(), "what devices use and is no device, by name"),
        "devices": Key(Tree(), "devices by name"),
        "groups": Key(MapOf(ListOf(Text())), "selectors by the name of a group"),
        "name_separator": Key(Word("-", "_"), "stands between the names of a device and its member", "-"),
        "read_only": Key(Flag(), "whether no put ever leaves the process", "false"),
        "liveness": Key(Number(gt=0), "a held value is served if its server was heard within this time, in s", "5"),
        "environment": Key(Anything(), "variables of EPICS and Tango", later=True),
        "include": Key(Anything(), "fragments whose devices are part of the beamline", later=True),
        "profiles": Key(Anything(), "named sets of changes", later=True),
        "python_allow": Key(Anything(), "Python classes that may be loaded", later=True),
    },
)
DEFAULTS = Block(
    "defaults",
    {
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of addresses without a scheme", "ca"),
        "timeout": Key(TimeoutSeconds(), "seconds that an operation may take, or `{connect, read, write}`", "5, 5, 10"),
        "connect": Key(Word(*CONNECT_POLICIES), "what it means if a device does not answer", "required"),
    },
)
