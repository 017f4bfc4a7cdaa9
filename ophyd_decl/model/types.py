"""Device types and the instances of types: their keys."""

from ..vocab.keywords import CHILD_FORMATS, CONNECT_POLICIES, PROTOCOLS
from .addresses import PviDevice, TangoDevice
from .blocks import RESERVED, Block, Key
from .connectors import CONNECTOR
from .datatypes import Label
from .kinds import Anything, Flag, ListOf, OneOrMore, Text, Tree, Word
from .signal_kinds import TimeoutSeconds
from .signals import SIGNAL

#: Blocks of named members, in the order in which a device has them where the file says nothing else.
MEMBER_BLOCKS = ("signals", "commands", "children", "vectors", "derived")
STRUCTURE = {
    "signals": Key(Tree(), "signals by name"),
    "commands": Key(Tree(), "commands by name"),
    "children": Key(Tree(), "sub-devices by name"),
    "vectors": Key(Tree(), "families of sub-devices with keys, by name"),
    "derived": Key(Tree(), "signals that are computed from others, by name"),
    "logic": Key(Tree(), "what the device can do: a plugin for each role"),
}
EXTENDS = Key(OneOrMore(), "type whose members and params it takes over, or a list of types")
TYPE = Block(
    "a type",
    {
        "doc": Key(Text(), "what the device is"),
        "protocol": Key(Word(*PROTOCOLS[:2]), "control system of addresses without a scheme"),
        "extends": EXTENDS,
        "abstract": Key(Flag(), "whether it can only be extended", "false"),
        "params": Key(Tree(), "params by name"),
        **STRUCTURE,
    },
)
_COMMON = {
    "type": Key(Text(), "name of its type", required=True),
    "protocol": Key(Word(*PROTOCOLS[:2]), "control system of addresses without a scheme"),
    "timeout": Key(TimeoutSeconds(), "seconds that an operation may take, or `{connect, read, write}`"),
    "doc": Key(Text(), "what it is here"),
    "when": Key(Flag(), "whether it exists at all", "true"),
    "connector": CONNECTOR,
    "overrides": Key(Tree(), "values in the place of those of the type, by path"),
    "labels": Key(ListOf(Label()), "words to find it by"),
    "name": Key(Text(), "replaces its name in documents"),
}
REPEAT = Block(
    "a repeat",
    {
        "var": Key(Text(), "name that expressions in the entry see", required=True),
        "over": Key(ListOf(Anything()), "values that it takes: one device is made for each", required=True),
        "name": Key(Text(), "name of each device, an expression with the variable", required=True),
    },
)
#: Keys of a device of a beamline beside its params.
DEVICE_KEYS = {
    **_COMMON,
    "repeat": Key(Tree(), "makes several devices: `var`, `over` and `name`"),
    "connect": Key(Word(*CONNECT_POLICIES), "what it means if it does not answer"),
}
#: Keys of a child beside its params.
CHILD_KEYS = {
    **_COMMON,
    "repeat": Key(Tree(), "makes several children: `var`, `over` and `name`"),
    "format": Key(Word(*CHILD_FORMATS), "whether its readings are part of its parent's", "child"),
}
VECTOR_KEYS = {
    **{name: key for name, key in CHILD_KEYS.items() if name != "repeat"},
    "keys": Key(ListOf(Anything()), "keys of the items: whole numbers or texts", required=True),
}
#: Keys that may be overridden: of signals, derived signals and commands as far as these have them; and of children.
OVERRIDABLE = (
    "access", "format", "doc", "units", "precision", "limits", "timeout", "retries", "wait", "verify", "poll", "events",
    "expect", "optional", "name", "restore", "connector",
)  # fmt: skip
OVERRIDABLE_OF_CHILDREN = ("format", "name", "labels", "doc", "timeout")
DEVICE = Block("a device", DEVICE_KEYS)
CHILD = Block("a child", CHILD_KEYS)
VECTOR = Block("a vector", VECTOR_KEYS)
GROUP = Block("a group", {**DEVICE_KEYS, "extends": EXTENDS, **STRUCTURE})
#: A Tango device whose attributes and commands are written in place.
TANGO_DEVICE = Block(
    "a Tango device",
    {
        **DEVICE_KEYS,
        "trl": Key(
            TangoDevice(), "`tango://host:port/a/b/c`, `a/b/c` or an alias; `#dbase=no` after one without a database",
            required=True,
        ),
        **{name: key for name, key in STRUCTURE.items() if name not in ("children", "vectors")},
        "fill": Key(Flag(), "whether what the server itself declares is added when it connects", "false"),
    },
)  # fmt: skip
#: A device whose server says in a PVI structure what it consists of, and where.
PVI_DEVICE = Block(
    "a PVI device",
    {
        **DEVICE_KEYS,
        "pvi": Key(PviDevice(), "PV of the structure that says where its members are", required=True),
        **STRUCTURE,
        "fill": Key(Flag(), "whether what the server itself declares is added when it connects", "false"),
    },
)
#: Keys of signals that only go with a prefix or a TRL.
_JOINED = ("suffix", "attr", "events")
#: A device that is one signal.
SIGNAL_DEVICE = Block(
    "a signal",
    {name: key for name, key in {**SIGNAL.keys, **DEVICE_KEYS}.items() if name not in (*_JOINED, "overrides")},
    RESERVED,
)
#: Names that a param may not have, since an instance has a key with this name.
TAKEN_BY_INSTANCES = frozenset({*DEVICE_KEYS, *CHILD_KEYS, *VECTOR_KEYS})
#: Types that take their structure in place.
IN_PLACE = ("group", "signal", "tango.device", "pvi.device", "python")
#: Namespaces of shipped types of which some or all come later.
LATER_NAMESPACES = ("ad", "panda", "pmac", "tango", "sim")
