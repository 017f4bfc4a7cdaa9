"""A server of pvAccess for a test, with a PV of each normative type and of what is none."""

from pathlib import Path

from .process import ServerProcess


class Structures(ServerProcess):
    """Serves what `structures_process.structures` lists.

    :param folder: where its log is written.
    :param prefix: stands before the name of each PV.
    """

    def __init__(self, folder: Path, prefix: str) -> None:
        self.prefix = prefix
        super().__init__("structures_process.py", [prefix], log=folder / "structures.log")
