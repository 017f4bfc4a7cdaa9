"""Gets the text of a file, or says in one diagnostic why it cannot be had.

Only regular files are opened, so that a pipe or a device cannot hang or flood the program.
"""

import os
import stat
from itertools import islice

from ..errors import Place
from .findings import Findings
from .tree import SourceFile

MAX_BYTES = 10_000_000
#: So many entries of a folder are looked at for a file that is likely meant.
_MOST_ENTRIES = 1_000
_ENDINGS = (".yaml", ".yml")
_BYTE_ORDER_MARKS = {b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16"}


def read_source(path: str, findings: Findings, *, code: str = "E100", at: Place | None = None) -> SourceFile | None:
    """Return a file, or None after one diagnostic.

    :param code: what to say if there is no such file.
    :param at: where the file is asked for; default: the file itself.
    """
    place = at or Place(path, 1, 1, 1, 1)
    problem, help_text = _problem_of(path)
    if problem:
        near = None if at is None else _near(path, at.file, findings)
        findings.error(code, f"{problem}: `{path}`", place, near or help_text)
        return None
    try:
        with open(path, "rb") as opened:
            raw = opened.read(MAX_BYTES + 1)
    except OSError as error:
        findings.error("E100", f"cannot read `{path}`: {error.strerror}", place, "check the permissions of the file")
        return None
    if len(raw) > MAX_BYTES:
        findings.error("E105", f"`{path}` is larger than {MAX_BYTES // 1_000_000} MB", place, "split the file")
        return None
    return _decode(path, raw, findings)


def _problem_of(path: str) -> tuple[str, str]:
    """Return why the path cannot be opened, and what to do; two empty texts if it can."""
    try:
        status = os.stat(path)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        return f"cannot read, {reason.lower()}", "check the path"
    if stat.S_ISDIR(status.st_mode):
        return "a file was expected, this is a folder", "name the file in the folder"
    if not stat.S_ISREG(status.st_mode):
        return "not a regular file", "write the text into a file"
    return "", ""


def _near(path: str, asking: str, findings: Findings) -> str | None:
    """Return a help text with the file in the same folder that is likely meant, or None; endings do not count.

    :param path: of no file, below the folder whose files may be named; links are passed over, as they may leave it.
    :param asking: the file that names it, which is not meant.
    """
    if os.path.lexists(path):
        return None
    folder, name = os.path.split(path)
    try:
        with os.scandir(folder or ".") as entries:
            names = [entry.name for entry in islice(entries, _MOST_ENTRIES) if entry.is_file(follow_symlinks=False)]
    except (OSError, ValueError):
        return None
    stems = {
        os.path.splitext(other)[0]: other
        for other in sorted(names)
        if other.endswith(_ENDINGS) and os.path.join(folder, other) != os.path.normpath(asking)
    }
    meant = findings.nearest(os.path.splitext(name)[0], stems)
    return None if meant is None else f"did you mean `{stems[meant]}`?"


def _decode(path: str, raw: bytes, findings: Findings) -> SourceFile | None:
    try:
        return SourceFile(path, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        wide = _BYTE_ORDER_MARKS.get(raw[:2])
        if wide:
            findings.error("E103", f"the file is {wide}, not UTF-8", Place(path, 1, 1, 1, 1), "save it as UTF-8")
            return None
        # What stands before the first bad byte is good, so the column can be counted in code points.
        good = SourceFile(path, raw[: error.start].decode("utf-8-sig", errors="replace"))
        place = good.point(*good.position(len(good.text)))
        findings.error("E103", f"byte 0x{raw[error.start]:02x} is not UTF-8", place, "save the file as UTF-8")
        return None
