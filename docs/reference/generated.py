"""Write the pages that scripts beside this file make, or compare them with what is committed."""

import sys
from collections.abc import Mapping
from pathlib import Path


def write(pages: Mapping[Path, str], script: str, *, check: bool) -> int:
    """Write the pages that differ; return the exit code, 1 where one differs and was only to be compared.

    :param script: name of the file that makes them.
    """
    stale = [file for file, text in pages.items() if not file.exists() or file.read_text(encoding="utf-8") != text]
    for file in stale:
        if check:
            print(f"{file.name} is not up to date: python docs/reference/{script}", file=sys.stderr)
        else:
            file.write_text(pages[file], encoding="utf-8")
            print(f"written: {file.name}")
    return 1 if check and stale else 0
