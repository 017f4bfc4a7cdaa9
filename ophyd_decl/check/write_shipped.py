"""Writes `shipped`, the facts of the shipped plugins: `python -m ophyd_decl.check.write_shipped`."""

from pathlib import Path

from .facts import OptionFacts, PluginFacts, facts_of

_HEAD = '''"""Facts of the shipped plugins; written by `python -m ophyd_decl.check.write_shipped`, do not edit."""

from .facts import OptionFacts, PluginFacts
from .requirement import Requirement

# ruff: noqa: E501
# fmt: off
SHIPPED: dict[str, PluginFacts] = {
'''


def shipped_source() -> str:
    """Return the text of the module."""
    from ..spec import SHIPPED

    return _HEAD + "".join(_plugin(facts_of(spec)) for spec in SHIPPED) + "}\n"


def _plugin(facts: PluginFacts) -> str:
    head = f"    {facts.name!r}: PluginFacts({facts.name!r}, {facts.role!r}, {facts.carries_name!r}, {{"
    tail = f"}}, names={facts.names!r}),\n" if facts.names else "}),\n"
    options = [f"        {name!r}: {_option(option)}," for name, option in facts.options.items()]
    return "\n".join([head, *options, f"    {tail}"]) if options else head + tail


def _option(option: OptionFacts) -> str:
    facts = [f"{name}={value!r}" for name in _GIVEN if (value := getattr(option, name))]
    facts += [f"{name}={value!r}" for name in ("ge", "gt", "pattern") if (value := getattr(option, name)) is not None]
    return f"OptionFacts({', '.join(facts)})"


_GIVEN = ("required", "mark", "kind")

if __name__ == "__main__":
    Path(__file__).with_name("shipped.py").write_text(shipped_source(), encoding="utf-8")
