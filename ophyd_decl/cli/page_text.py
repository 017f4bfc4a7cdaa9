"""The page of a code for a terminal: code blocks indented, prose wrapped to the width or in one line."""

import textwrap
from collections.abc import Iterator

_WIDEST = 100


def page_text(markdown: str, columns: int | None) -> str:
    """Return a page without the marks of Markdown.

    :param columns: of the terminal; None: paragraphs stay in one line.
    """
    width = None if columns is None else min(columns, _WIDEST)
    return "\n\n".join(_block(block, width) for block in _blocks(markdown.removeprefix("# ").splitlines()))


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield paragraphs and, whole, code blocks."""
    block: list[str] = []
    in_code = False
    for line in [*lines, ""]:
        if line.startswith("```"):
            in_code = not in_code
        if line or in_code:
            block.append(line)
        elif block:
            yield block
            block = []


def _block(lines: list[str], width: int | None) -> str:
    if lines[0].startswith("```"):
        return textwrap.indent("\n".join(lines[1:-1]), "    ")
    items: list[str] = []
    for line in lines:
        if items and not line[0].isdigit():
            items[-1] += f" {line}"
        else:
            items.append(line)
    return "\n".join(item if width is None else textwrap.fill(item, width) for item in items)
