"""Finds the folders of installed libraries of types and fragments, without importing what they belong to."""

import os
from importlib.util import find_spec

from ..errors import Place
from ..source import Findings
from ..source.suggest import suggest_or_list
from .plugins import BrokenPlugin, find_plugin, plugin_names, spec_of

ROLE = "types"


def library_folder(name: str, place: Place, findings: Findings) -> str | None:
    """Return the folder of an installed library, or None after a diagnostic.

    :param name: of its entry point; its plugin has the role `types` and a factory `package:folder`.
    :param place: where it is asked for.
    """
    found = find_plugin(name)
    if isinstance(found, BrokenPlugin):
        summary = f"the library `{name}` of `{found.distribution}` cannot be loaded: {found.problem}"
        findings.error("E502", summary, place, f"mend or reinstall `{found.distribution}`")
        return None
    if found is None or found.role != ROLE:
        words = f"there is no library `{name}`" if found is None else f"the plugin `{name}` is no library"
        help_text = suggest_or_list(name, plugin_names(ROLE), "installed libraries")
        findings.error("E501", words, place, help_text)
        return None
    package, _, folder = spec_of(found).factory.partition(":")
    path = _folder(package, folder)
    if path is None:
        summary = f"the library `{name}` of `{found.distribution}` has no folder `{package}:{folder}`"
        findings.error("E502", summary, place, f"mend or reinstall `{found.distribution}`")
    return path


def _folder(package: str, folder: str) -> str | None:
    """Return a folder inside a package, or None if there is none; the package is looked for, and not imported."""
    top, *inner = package.split(".")
    parts = [*inner, *(folder.split("/") if folder else [])]
    try:
        spec = find_spec(top) if top else None
    except (ImportError, ValueError, AttributeError):
        return None
    if spec is None or os.pardir in parts or os.path.isabs(folder):
        return None
    for base in spec.submodule_search_locations or ():
        path = os.path.join(base, *parts)
        if os.path.isdir(path):
            return path
    return None
