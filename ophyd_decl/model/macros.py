"""Finds EPICS macros and templates that were left in a value: nobody expands them here, so an address is not found."""

import re
from typing import Any

from .kinds import Failed, Spot

_LEFT = re.compile(r"\$\([^()]*\)?|\$\{(?!\{)[^{}]*\}?|(?<!\$)\{\{[^{}]*\}{0,2}|\{%[^{}]*\}?")
_OPENINGS = ("$(", "${", "{{", "{%")


def report_macro(text: str, spot: Spot) -> Failed | None:
    """Report the first macro or template in a text; None if there is none."""
    if not any(opening in text for opening in _OPENINGS):
        return None
    found = _LEFT.search(text)
    if found is None:
        return None
    what, help_text = _words(found[0])
    place = spot.holder.part_place(spot.key, found[0])
    spot.findings.error("E305", f"the {what} `{found[0]}` was left in the value", place, help_text)
    return Failed()


def has_macro(value: Any) -> bool:
    """Return whether a value is a text that may hold a macro or template; fast, for the many that do not."""
    return isinstance(value, str) and ("$" in value or "{" in value) and any(part in value for part in _OPENINGS)


def _words(left: str) -> tuple[str, str]:
    """Return what was left, and how it is written in this language."""
    if left.startswith("{%"):
        return "statement", 'only expressions are evaluated: "${{ A if CONDITION else B }}"'
    if left.startswith("{{"):
        inner = left.strip("{} ") or "name"
        return "template", f'an expression begins with `$`: "${{{{ {inner} }}}}"'
    name = left.strip("$(){}").partition("=")[0].strip() or "name"
    return "EPICS macro", f'write the value, or an expression: "${{{{ {name.lower()} }}}}"'
