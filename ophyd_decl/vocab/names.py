"""Names that a file may not give to a member, since a device or a beamline already has them."""

import keyword

#: bluesky's verbs and what every device offers (async).
DEVICE_VERBS = frozenset(
    {
        "name", "parent", "children", "path", "connect", "read", "describe", "read_configuration",
        "describe_configuration", "read_partial", "trigger", "set", "stop", "stage", "unstage", "locate", "get_value",
        "subscribe", "subscribe_reading", "clear_sub", "hints", "prepare", "kickoff", "complete", "collect",
        "collect_pages", "describe_collect", "collect_asset_docs", "get_index", "check_value", "pause", "resume",
        "configure", "position", "execute", "source", "datatype", "labels", "log",
    }
)  # fmt: skip
#: Synchronous verbs.
#: What a table of named positions says while it is at none of them.
BETWEEN = "between"
SYNC_VERBS = frozenset({"get", "put", "wait"})
#: What a beamline offers beside its devices.
BEAMLINE_MEMBERS = frozenset(
    {
        "beamline", "connect", "report", "logic", "aconnect", "devices", "find", "groups", "name", "read_many",
        "blueprint", "profile", "close", "aclose", "services", "pick_updates",
        "provenance",
    }
)  # fmt: skip


def is_identifier(name: str) -> bool:
    """Return whether `name` can be used as an attribute in Python."""
    return name.isidentifier() and not keyword.iskeyword(name)


def reserved_below_device(name: str) -> bool:
    """Return whether a member of a device may not have this name."""
    return name in DEVICE_VERBS or name in SYNC_VERBS or name.startswith("_")


def reserved_in_beamline(name: str) -> bool:
    """Return whether a device, service or group may not have this name."""
    return name in BEAMLINE_MEMBERS or name.startswith("_")


def served_name(name: str) -> str:
    """Return what a server calls a member: `NAME_` stands for `NAME` where that cannot be a name here.

    >>> [served_name(name) for name in ("read_", "class_", "armed", "armed_")]
    ['read', 'class', 'armed', 'armed_']
    """
    bare = name.removesuffix("_")
    return bare if bare != name and (reserved_below_device(bare) or not is_identifier(bare)) else name


def name_here(served: str) -> str:
    """Return the name of a member that a server declares: with `_` where that name cannot be used here.

    >>> [name_here(name) for name in ("read", "class", "armed")]
    ['read_', 'class_', 'armed']
    """
    return f"{served}_" if reserved_below_device(served) or not is_identifier(served) else served
