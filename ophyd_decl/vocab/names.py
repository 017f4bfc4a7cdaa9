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
SYNC_VERBS = frozenset({"get", "put", "wait"})
#: What a beamline offers beside its devices.
BEAMLINE_MEMBERS = frozenset(
    {
        "beamline", "connect", "report", "logic", "aconnect", "devices", "find", "groups", "name", "read_many",
        "blueprint", "profile", "close", "aclose", "services",
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
