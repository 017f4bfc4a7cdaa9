"""Writing files: never over an existing one unless it was asked for, and never half."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

#: So many lines are shown of how a file differs: a schema that was never written has tens of thousands.
SHOWN_LINES = 100


def refuse_existing(paths: Iterable[Path], force: bool) -> None:
    """Raise before anything is written if a file is there and may not be replaced.

    :raises click.UsageError: names every such file.
    """
    there = [str(path) for path in paths if os.path.lexists(path)]
    if there and not force:
        raise click.UsageError(
            f"{', '.join(there)} {'is' if len(there) == 1 else 'are'} there already; --force replaces"
        )


def write(path: Path, text: str) -> None:
    """Write a text file, and the folder that it is in; it is there whole or not at all."""
    from ..session.text_file import write_whole

    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text)


def show_differences(wanted: Mapping[Path, str], mend: str) -> bool:
    """Show as a unified diff how files differ from what would be written; return whether one does.

    :param mend: how the same command writes them, said after what differs.
    """
    import difflib

    differing = 0
    for path, text in wanted.items():
        there = path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""
        if there != text:
            differing += 1
            lines = list(
                difflib.unified_diff(
                    there.splitlines(), text.splitlines(), str(path), f"{path} as it should be", lineterm=""
                )
            )
            click.echo("\n".join(lines[:SHOWN_LINES]))
            if len(lines) > SHOWN_LINES:
                click.echo(f"… and {len(lines) - SHOWN_LINES} more lines of {path}")
    if differing:
        files, it = ("1 file differs", "it") if differing == 1 else (f"{differing} files differ", "them")
        click.echo(f"{files}; the same command {mend} writes {it} anew", err=True)
    return bool(differing)
