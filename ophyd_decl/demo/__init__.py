"""What `ophyd-decl demo` serves and scans: a small beamline, and where its files are.

The files themselves are `beamlines/demo` of the repository. The wheel carries them as `beamline` in this folder, so
the demo is the same from a checkout and from an installed package. This module imports nothing of ophyd_decl.
"""

from pathlib import Path

__all__ = ["beamline_folder"]


def beamline_folder() -> Path:
    """Return the folder with the `beamline.yaml` of the demo.

    :raises FileNotFoundError: if the installation is incomplete; says where it was looked for.
    """
    here = Path(__file__).resolve().parent
    installed, checkout = here / "beamline", here.parents[1] / "beamlines" / "demo"
    for folder in (installed, checkout):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the demo's beamline is neither in {installed} nor in {checkout}")
