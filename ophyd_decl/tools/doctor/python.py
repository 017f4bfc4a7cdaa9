"""Python, the libraries that matter here, and the event loop that coroutines get."""

import asyncio
import platform
import sys
from collections.abc import Mapping

from .section import Section, installed

#: Distributions by what they are for; of those that are not installed only the client libraries are named.
_LIBRARIES = ("ophyd-decl", "bluesky", "event-model", "numpy", "pydantic", "ruamel.yaml", "ruamel.yaml.clib")
_CLIENTS = ("aioca", "epicscorelibs", "p4p", "pvxslibs", "pytango")
_OTHERS = ("ophyd", "ophyd-async", "pyepics", "caproto", "ophyd-epicsrs", "uvloop")
#: What is used is tested with these.
_OLDEST = (3, 11)


def check_python(environment: Mapping[str, str]) -> Section:
    """Return versions, and what of them does not go together."""
    section = Section("python")
    section.fact("python", f"{platform.python_version()}", sys.executable)
    section.fact("platform", platform.platform())
    for name in (*_LIBRARIES, *_CLIENTS, *_OTHERS):
        found = installed(name)
        if found or name in _CLIENTS:
            section.fact(name, found or "not installed")
    loop = asyncio.new_event_loop()
    loop.close()
    section.fact(
        "event loop", f"{type(loop).__module__}.{type(loop).__qualname__}", "of coroutines and RunEngines here"
    )
    if not installed("ruamel.yaml.clib"):
        section.warn("ruamel.yaml has no C part, so files load five times slower", "pip install ruamel.yaml.clib")
    if sys.version_info < _OLDEST:
        section.error(f"Python {platform.python_version()} is too old", "use Python 3.11 or later")
    if environment.get("OPHYD_DECL_READ_ONLY", "") not in ("", "0"):
        section.note("OPHYD_DECL_READ_ONLY is set: no put leaves the process")
    if profile := environment.get("OPHYD_DECL_PROFILE", ""):
        section.note(f"OPHYD_DECL_PROFILE is set: beamlines are loaded with the profile `{profile}`")
    return section
