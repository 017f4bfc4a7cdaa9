"""A server that looks like a PandABox: structures with vectors of blocks and tables, served by p4p."""

from pathlib import Path

from .process import ServerProcess


class Panda(ServerProcess):
    """About 970 PVs with a prefix of their own.

    :param folder: where its log is written.
    :param wrong: whether its structures also name what is not there, or is something else.
    """

    def __init__(self, folder: Path, prefix: str = "PANDA:", *, wrong: bool = False) -> None:
        self.prefix = prefix
        self.wrong = wrong
        arguments = ["--prefix", prefix, *(["--wrong"] if wrong else [])]
        super().__init__("panda_process.py", arguments, log=folder / "panda.log")
