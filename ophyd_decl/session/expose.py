"""Devices as names of a module: `from beamlines.i22 import stage, det`."""

import os
import sys
from pathlib import Path
from typing import Any

from ..errors import OphydDeclError
from .load import load_beamline
from .provenance import Provenance

PROFILE_VARIABLE = "OPHYD_DECL_PROFILE"


def expose(module_name: str) -> None:
    """Put the devices of the beamline beside a module into it, with `beamline`, `connect`, `report` and `provenance`.

    `RE.preprocessors.append(provenance)` notes in every run start what it was made with: see `Provenance`.

    :param module_name: `__name__` of the module; its folder holds `beamline.yaml`. The profile is that of the
        environment variable `OPHYD_DECL_PROFILE`.
    :raises DefinitionError: if the files are wrong.
    """
    module = sys.modules[module_name]
    if module.__file__ is None:
        raise OphydDeclError(f"{module_name} has no file beside which a beamline.yaml could lie")
    beamline = load_beamline(Path(module.__file__).parent, profile=os.environ.get(PROFILE_VARIABLE) or None)

    def attribute(name: str) -> Any:
        if name == "report":
            return beamline.report
        if name in beamline.devices:  # a Python class makes it, now
            return beamline.devices[name]
        raise AttributeError(f"beamline {beamline.name} has no device `{name}`; it has {', '.join(beamline.devices)}")

    names: dict[str, Any] = {
        **beamline.devices.native,
        **beamline.services,
        "beamline": beamline,
        "connect": beamline.connect,
        "provenance": Provenance(beamline),
    }
    vars(module).update(names)
    vars(module)["__getattr__"] = attribute
    vars(module)["__all__"] = [*dict.fromkeys([*beamline.devices, *names]), "report"]
