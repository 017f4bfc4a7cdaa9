"""Services: what devices use and is no device. Each is made once, when the beamline is loaded."""

import logging
from collections.abc import Iterable
from typing import Any

from ..blueprint import ServiceBlueprint
from ..errors import PluginError
from ..spec import make
from .plugins import find_spec

log = logging.getLogger("ophyd_decl.session")


class Services(dict[str, Any]):
    """The services of a beamline by name.

    One that cannot be made raises when it is used, so that what does without it works.
    """

    def __init__(self, blueprints: Iterable[ServiceBlueprint]) -> None:
        super().__init__()
        self._broken: dict[str, PluginError] = {}
        for blueprint in blueprints:
            try:
                self[blueprint.path] = make(find_spec("service", blueprint.plugin), blueprint.options)
            except PluginError as error:
                log.error("service %s [%s]: %s", blueprint.path, blueprint.place, error)
                self._broken[blueprint.path] = error

    @property
    def names(self) -> list[str]:
        """Return the names of all, also of those that cannot be made."""
        return [*self, *self._broken]

    def __missing__(self, name: str) -> Any:
        """Say why a service cannot be made.

        :raises PluginError: if it cannot.
        :raises KeyError: if there is none of this name.
        """
        error = self._broken.get(name)
        if error is not None:
            raise error.with_traceback(None)
        raise KeyError(name)
