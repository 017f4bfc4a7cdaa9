"""Services that say where detectors write their files."""

from dataclasses import dataclass
from pathlib import Path, PurePath, PurePosixPath, PureWindowsPath
from uuid import uuid4


@dataclass(frozen=True, slots=True)
class FilePath:
    """Where one file is written, in the notation of the machine that writes it.

    :param folder: an absolute path.
    :param name: of the file, with its suffix.
    """

    folder: str
    name: str

    @property
    def full(self) -> str:
        """Return folder and name joined."""
        return str(_pure(self.folder) / self.name)


class UuidPaths:
    """The service `path.uuid`: one folder, and a new uuid as the name of each file.

    :param root: folder that the files are written to, an absolute path.
    :param make_folders: make the folder, in this process, where it is missing.
    :param suffix: stands after the name of each file, such as `.h5`.
    """

    def __init__(self, root: str, make_folders: bool = False, suffix: str = "") -> None:
        self.root = root
        self.make_folders = make_folders
        self.suffix = suffix

    def __call__(self) -> FilePath:
        """Return where the next file is written; no two calls give the same name.

        :raises OSError: if the folder is to be made and cannot be.
        """
        if self.make_folders:
            Path(self.root).mkdir(parents=True, exist_ok=True)
        return FilePath(self.root, f"{uuid4()}{self.suffix}")


def _pure(folder: str) -> PurePath:
    return PurePosixPath(folder) if folder.startswith("/") else PureWindowsPath(folder)
