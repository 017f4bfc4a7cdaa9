"""What `ophyd-decl demo` serves and scans: small beamlines, and where their files are.

The files themselves are below `beamlines` in the repository. The wheel carries them below `beamlines` in this folder,
so the demo is the same from a checkout and from an installed package. This module imports nothing of ophyd_decl.
"""

from pathlib import Path

__all__ = ["beamline_folder"]


def beamline_folder(name: str = "demo") -> Path:
    """Return the folder with the `beamline.yaml` of a demo.

    :param name: `demo`, or `demo_tango`.
    :raises FileNotFoundError: if the installation is incomplete; says where it was looked for.
    """
    here = Path(__file__).resolve().parent
    installed, checkout = here / "beamlines" / name, here.parents[1] / "beamlines" / name
    for folder in (installed, checkout):
        if folder.is_dir():
            return folder
    raise FileNotFoundError(f"the demo's beamline is neither in {installed} nor in {checkout}")
