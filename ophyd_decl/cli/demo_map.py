"""Where the map of the demo goes."""

import os
import tempfile
import uuid
from pathlib import Path

import click


def map_file(output: Path | None, force: bool) -> Path:
    """Return the absolute path of the map; nothing is there yet, or it may be replaced.

    :param output: a file, a folder, or None: the current folder, and a temporary one where it cannot be written.
    :raises click.UsageError: if the file is there and may not be replaced, or its folder cannot be written.
    """
    if output is not None and not output.is_dir():
        if os.path.lexists(output) and not force:
            raise click.UsageError(f"{output} is there already; --force replaces it")
        if not _can_be_written(output.absolute().parent):
            raise click.UsageError(f"{output}: its folder does not exist or cannot be written")
        return output.absolute()
    name = f"ophyd-decl-demo-{uuid.uuid4().hex[:8]}.png"
    if output is not None:
        if not _can_be_written(output):
            raise click.UsageError(f"{output} cannot be written")
        return output.absolute() / name
    try:
        here = Path.cwd()
    except FileNotFoundError:
        here = None
    if here is not None and _can_be_written(here):
        return here / name
    return Path(tempfile.mkdtemp(prefix="ophyd-decl-demo-")) / name


def _can_be_written(folder: Path) -> bool:
    try:
        with tempfile.TemporaryFile(dir=folder):
            return True
    except OSError:
        return False
