"""Merging of mappings: mappings merge, all else replaces; `$replace: true` and `$unset: [key]` say otherwise.

A merged mapping knows for each key where it is written and what it has beaten (`LocatedMapping.origins`).
"""

from collections.abc import Collection

from ..model.blocks import REPLACE, UNSET
from ..model.kinds import shown
from ..source import Findings, LocatedList, LocatedMapping
from ..source.suggest import suggest_or_list
from ..source.tree import Node, Origin


def merge(
    base: LocatedMapping, over: LocatedMapping, findings: Findings, *, layer: str, below: str = ""
) -> LocatedMapping:
    """Return a mapping with the keys of both; where both have one, the second wins.

    Keys keep the place in the order that they have in the first mapping; new ones follow.

    :param layer: what brings the second mapping, for explanations: `overrides`, `profile mock`.
    :param below: what brought the first one, where it was not merged yet.
    """
    if replaces(over, findings):
        return over.without(REPLACE, UNSET)
    merged = LocatedMapping(base.file, base.begin)
    merged.end = base.end
    origins = _origins(base, below)
    merged.update(base)
    merged.spans = {**base.spans, **over.spans}
    merged.odd_keys = {**(base.odd_keys or {}), **(over.odd_keys or {})} or None
    for key in unset_keys(base, over, findings):
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
        origins[key] = (*_brought(over, key, layer), *origins.get(key, ()))
    merged.origins = origins
    return merged


def _brought(over: LocatedMapping, key: str, layer: str) -> tuple[Origin, ...]:
    """Return the origins of a key of the mapping that wins; what it did not name itself is of this layer."""
    if over.origins is None:
        return (Origin(over, layer),)
    return tuple(origin if origin.layer else Origin(origin.mapping, layer) for origin in over.origins.get(key, ()))


def _origins(base: LocatedMapping, layer: str) -> dict[str, tuple[Origin, ...]]:
    if base.origins is not None:
        return dict(base.origins)
    return {key: (Origin(base, layer),) for key in base}


def replaces(over: LocatedMapping, findings: Findings) -> bool:
    """Return whether a mapping replaces the one that it would be merged onto."""
    if REPLACE not in over:
        return False
    if over[REPLACE] is not True:
        place = over.value_place(REPLACE)
        findings.error("E204", f"`{REPLACE}` is true or absent, not {shown(over[REPLACE])}", place, "write `true`")
        return False
    return True


def unset_keys(known: Collection[str], over: LocatedMapping, findings: Findings) -> list[str]:
    """Return the keys that a mapping removes from those of the one that it is merged onto."""
    if UNSET not in over:
        return []
    keys = over[UNSET]
    if not isinstance(keys, LocatedList):
        place = over.value_place(UNSET)
        findings.error("E204", f"`{UNSET}` takes a list of keys, got {shown(keys)}", place, f"write `{UNSET}: [key]`")
        return []
    found: list[str] = []
    for index, key in enumerate(keys):
        if isinstance(key, str) and key in known:
            found.append(key)
        else:
            help_text = suggest_or_list(str(key), known, "keys")
            findings.error("E204", f"`{UNSET}`: there is no key {shown(key)}", keys.value_place(index), help_text)
    return found
