"""Finds what the writer probably meant."""

from collections.abc import Iterable

#: What people write who come from other tools.
_SYNONYMS = {
    "speed": "velocity",
    "pvname": "pv",
    "read_pv": "pv",
    "write_pv": "pv",
    "default_value": "default",
    "description": "doc",
    "egu": "units",
    "unit": "units",
    "tags": "labels",
    "class": "type",
    "deviceClass": "type",
    "kind": "format",
    "enum": "choices",
    "readonly": "access",
}
_MOST_SHOWN = 8
#: Lengths at which one wrong character is half of a word, or nearly.
_SHORT = (2, 3)


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """Return a help text with the nearest candidate, or None if none is near."""
    from difflib import get_close_matches  # costs 5 ms, and only mistakes need it

    known = list(candidates)
    near = get_close_matches(word, known, 1, 0.5 if len(word) in _SHORT else 0.6)
    if not near:
        synonym = _SYNONYMS.get(word)
        near = [synonym] if synonym in known else []
    if not near and len(word) >= _SHORT[-1]:
        folded = word.lower()
        near = [name for name in known if (name.lower().startswith(folded) or folded.startswith(name.lower()))]
    return f"did you mean `{near[0]}`?" if near else None


def listed(words: Iterable[object], most: int = _MOST_SHOWN) -> str:
    """Return words in backquotes, the first few and how many more there are."""
    every = list(words)
    if not every:
        return "none"
    first = ", ".join([f"`{word}`" for word in every[:most]])
    return first if len(every) <= most else f"{first} and {len(every) - most} more"


def suggest_or_list(word: str, candidates: Iterable[str], what: str) -> str:
    """Return the nearest candidate, else all that there are."""
    known = list(candidates)
    return suggest(word, known) or f"{what}: {listed(known)}"
