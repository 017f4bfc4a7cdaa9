"""Merging of mappings: mappings merge, all else replaces; `$replace: true` and `$unset: [key]` say otherwise.

A merged mapping knows for each key where it is written and what it has beaten (`LocatedMapping.origins`).
"""

from ..model.kinds import shown
from ..source import Findings, LocatedList, LocatedMapping
from ..source.suggest import suggest_or_list
from ..source.tree import Node, Origin

REPLACE = "$replace"
UNSET = "$unset"


def merge(
    base: LocatedMapping, over: LocatedMapping, findings: Findings, *, layer: str, below: str = ""
) -> LocatedMapping:
    """Return a mapping with the keys of both; where both have one, the second wins.

    Keys keep the place in the order that they have in the first mapping; new ones follow.

    :param layer: what brings the second mapping, for explanations: `overrides`, `profile mock`.
    :param below: what brought the first one, where it was not merged yet.
    """
    if _replaces(over, findings):
        return over.without(REPLACE, UNSET)
    merged = LocatedMapping(base.file, base.begin)
    merged.end = base.end
    origins = _origins(base, below)
    merged.update(base)
    merged.spans = {**base.spans, **over.spans}
    merged.odd_keys = {**(base.odd_keys or {}), **(over.odd_keys or {})} or None
    for key in _unset(base, over, findings):
        merged.pop(key, None)
        origins.pop(key, None)
    for key, value in over.items():
        if key in (REPLACE, UNSET):
            continue
        old: Node = merged.get(key)
        if isinstance(old, LocatedMapping) and isinstance(value, LocatedMapping):
            merged[key] = merge(old, value, findings, layer=layer, below=below)
        else:
            merged[key] = value
        brought = over.origins.get(key, ()) if over.origins is not None else (Origin(over, layer),)
        origins[key] = (*brought, *origins.get(key, ()))
    merged.origins = origins
    return merged


def _origins(base: LocatedMapping, layer: str) -> dict[str, tuple[Origin, ...]]:
    if base.origins is not None:
        return dict(base.origins)
    return {key: (Origin(base, layer),) for key in base}


def _replaces(over: LocatedMapping, findings: Findings) -> bool:
    if REPLACE not in over:
        return False
    if over[REPLACE] is not True:
        place = over.value_place(REPLACE)
        findings.error("E204", f"`{REPLACE}` is true or absent, not {shown(over[REPLACE])}", place, "write `true`")
        return False
    return True


def _unset(base: LocatedMapping, over: LocatedMapping, findings: Findings) -> list[str]:
    """Return the keys of the first mapping that the second one removes."""
    if UNSET not in over:
        return []
    keys = over[UNSET]
    if not isinstance(keys, LocatedList):
        place = over.value_place(UNSET)
        findings.error("E204", f"`{UNSET}` takes a list of keys, got {shown(keys)}", place, f"write `{UNSET}: [key]`")
        return []
    found: list[str] = []
    for index, key in enumerate(keys):
        if isinstance(key, str) and key in base:
            found.append(key)
        else:
            help_text = suggest_or_list(str(key), base, "keys")
            findings.error("E204", f"`{UNSET}`: there is no key {shown(key)}", keys.value_place(index), help_text)
    return found
