"""Writing a text file: whole, or not at all."""

import errno
import os
import secrets
from contextlib import suppress
from pathlib import Path


def write_whole(path: Path, text: str, *, new: bool = False) -> None:
    """Write a text file through a temporary one beside it, so that it is there whole or as it was before.

    A file that exists keeps its permissions, and a link leads where it led.

    :param new: only where nothing is there.
    :raises FileExistsError: if something is there that must not be; it is as it was.
    :raises OSError: if it cannot be written; `filename` is the path.
    """
    path = path.resolve()
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    mode = path.stat().st_mode & 0o7777 if path.exists() and not new else None
    try:
        # The system takes away what a new file of this user does not allow, so that no umask has to be asked for.
        handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666 if mode is None else 0o600)
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="") as opened:
                opened.write(text)
                opened.flush()
                os.fsync(opened.fileno())  # some file systems say only now that they are full
            if mode is not None:
                os.chmod(temporary, mode)
            if new:
                _create(temporary, path)
            else:
                os.replace(temporary, path)
        finally:
            with suppress(FileNotFoundError):  # it has the name of the file now
                os.unlink(temporary)
    except OSError as error:
        raise OSError(error.errno, error.strerror, str(path)) from error


def _create(temporary: Path, path: Path) -> None:
    """Give a file its name, if nothing has it."""
    try:
        os.link(temporary, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links, as FAT
        if os.path.lexists(path):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), path) from None
        os.replace(temporary, path)
