"""Services of the language: what devices use and is no device. The keys beside its options."""

from .blocks import Block, Key
from .kinds import Flag, Text

SERVICE = Block(
    "a service",
    {
        "type": Key(Text(), "name of the plugin that makes it, such as `path.uuid`", required=True),
        "doc": Key(Text(), "what it is here"),
        "when": Key(Flag(), "whether it exists at all", "true"),
    },
)
