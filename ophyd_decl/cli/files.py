"""Writing files: never over an existing one unless it was asked for, and never half."""

import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

import click


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
    """Write a text file through a temporary one beside it, so that it is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
