"""Finds what the writer probably meant."""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache

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
MOST_SHOWN = 8
#: Lengths at which one wrong character is half of a word, or nearly.
_SHORT = (2, 3)
#: Nobody types a longer name by mistake.
_LONGEST = 100


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate that a word is most likely meant to be, or None."""
    return _nearest(word, tuple(candidates)) if len(word) <= _LONGEST else None


@lru_cache(maxsize=2_000)
def _nearest(word: str, known: tuple[str, ...]) -> str | None:
    from difflib import get_close_matches  # costs 5 ms, and only mistakes need it

    folded = word.lower()
    same = [name for name in known if name.lower() == folded]
    if same:
        return word if word in same else same[0]
    if len(word) in _SHORT:
        near = get_close_matches(word, [name for name in known if abs(len(name) - len(word)) <= 1], 1, 0.5)
    else:
        near = get_close_matches(word, known, 1, 0.6)
    if near:
        return near[0]
    synonym = _SYNONYMS.get(word)
    if synonym in known:
        return synonym
    if len(word) < _SHORT[-1]:
        return None
    return next(
        (name for name in known if name and (name.lower().startswith(folded) or folded.startswith(name.lower()))), None
    )


def suggest(word: str, candidates: Iterable[str]) -> str | None:
    """Return a help text with the nearest candidate, or None if none is near."""
    near = nearest(word, candidates)
    return None if near is None else f"did you mean `{near}`?"


def is_misspelt(name: str, written: Iterable[str], known: Collection[str]) -> bool:
    """Return whether a name that is missing is there with a typing error, which is then the one mistake to report.

    :param written: the names that are there.
    :param known: the names that may be there.
    """
    there = set(written)
    free = [other for other in known if other not in there]
    return any(nearest(other, free) == name for other in there if other not in known)


def listed(words: Iterable[object], most: int = MOST_SHOWN) -> str:
    """Return words in backquotes, the first few and how many more there are."""
    every = list(words)
    if not every:
        return "none"
    first = ", ".join([f"`{word}`" for word in every[:most]])
    return first if len(every) <= most else f"{first} and {len(every) - most} more"


def in_circle(members: Sequence[str]) -> str:
    """Return the members of a circle, the first at the end again, without those in the middle of a long one."""
    names = [*members, members[0]]
    if len(names) > MOST_SHOWN:
        names = [*names[: MOST_SHOWN - 3], "…", *names[-2:]]
    return " → ".join(name if name == "…" else f"`{name}`" for name in names)


def suggest_or_list(word: str, candidates: Iterable[str], what: str) -> str:
    """Return the nearest candidate, else all that there are."""
    known = list(candidates)
    return suggest(word, known) or f"{what}: {listed(known)}"
