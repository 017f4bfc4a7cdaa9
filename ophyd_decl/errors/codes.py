"""Every code of a diagnostic, with its title and its page.

A code is registered by a file `pages/CODE.md` beside this module, and by nothing else: the first line is
`# CODE: title`, the rest is what `ophyd-decl explain CODE` prints and what the docs show. A page says what the code
means, shows a file that is wrong and the same file mended, and names the next step.

    E1xx YAML and schema          E4xx references and names
    E2xx include and merge        E5xx plugins and Python classes
    E3xx expressions              E6xx control system

Standard library only; nothing is read before it is asked for.
"""

from pathlib import Path

_PAGES = Path(__file__).parent / "pages"

#: What the first digit of a code says.
FAMILIES: dict[str, str] = {
    "E1": "YAML and schema",
    "E2": "include and merge",
    "E3": "expressions",
    "E4": "references and names",
    "E5": "plugins and Python classes",
    "E6": "control system",
}


def codes() -> tuple[str, ...]:
    """Return every registered code, in order."""
    return tuple(sorted(page.stem for page in _PAGES.glob("E*.md")))


def page(code: str) -> str:
    """Return the explanation of a code as Markdown, its title in the first line.

    :raises KeyError: if there is no such code.
    """
    if code not in codes():
        raise KeyError(code)
    return (_PAGES / f"{code}.md").read_text(encoding="utf-8")


def title(code: str) -> str:
    """Return what a code means in a few words.

    :raises KeyError: if there is no such code.
    """
    return page(code).partition("\n")[0].removeprefix(f"# {code}: ")
