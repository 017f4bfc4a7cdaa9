"""What a run was made with, in its start document: the digests of the definitions, versions, and what was in mock mode.

A digest says whether two runs had the same definition; it is of the compiled devices, so neither comments nor the
place of a device in its file change it, while a profile, `--set` or another version of a type library do.
"""

import hashlib
import json
from collections.abc import Generator, Mapping
from dataclasses import fields, is_dataclass
from functools import cached_property
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, cast

from ..blueprint import BeamlineBlueprint, DeviceBlueprint, Shape

if TYPE_CHECKING:
    from .beamline import Beamline

#: The key of a start document.
KEY = "ophyd_decl"
#: Distributions whose versions are told, where they are installed.
_PACKAGES = ("ophyd-decl", "bluesky", "numpy", "aioca", "p4p", "pytango")
#: What says where and how a device is written, and not what it is.
_NOT_MEANT = ("place", "file", "doc")


class Provenance:
    """A preprocessor: `RE.preprocessors.append(provenance)`.

    Every run start gets `ophyd_decl: {versions, beamlines: {NAME: {profile, digest, devices, mock}}}`: `devices` are
    the digests by name, `mock` the names of those in mock mode when the run began. Several beamlines have one each.
    """

    def __init__(self, beamline: "Beamline") -> None:
        self._beamline = beamline

    @cached_property
    def _made_with(self) -> tuple[str, dict[str, str], dict[str, str]]:
        """Return the digest of the beamline, those of its devices, and the versions; they stay as they are."""
        blueprint, known = self._beamline.blueprint, Known()
        digests = {device.path: digest_of(device, known) for device in blueprint.devices}
        return digest_of(blueprint, known), digests, versions()

    def metadata(self) -> dict[str, Any]:
        """Return what a run that begins now gets."""
        digest, digests, packages = self._made_with
        facts = {
            "profile": self._beamline.profile or "",
            "digest": digest,
            "devices": dict(digests),
            "mock": [name for name, device in self._beamline._nodes.items() if device._context.mock],
        }
        return {"versions": dict(packages), "beamlines": {self._beamline.name: facts}}

    def __call__(self, plan: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
        """Return the plan, each of whose runs begins with the metadata."""
        preprocessors: Any = import_module("bluesky.preprocessors")
        return preprocessors.msg_mutator(plan, self._with_metadata)

    def _with_metadata(self, message: Any) -> Any:
        if message.command != "open_run":
            return message
        own = self.metadata()
        given: Any = message.kwargs.get(KEY)
        if isinstance(given, Mapping):
            others = cast(Mapping[str, Any], given).get("beamlines", {})
            own["beamlines"] = {**others, **own["beamlines"]}
        return message._replace(kwargs={**message.kwargs, KEY: own})


def versions() -> dict[str, str]:
    """Return the versions of what reads, writes and runs, by distribution."""
    found: dict[str, str] = {}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def digest_of(definition: BeamlineBlueprint | DeviceBlueprint, known: "Known | None" = None) -> str:
    """Return the digest of a definition: `sha256:` and 64 digits.

    :param known: digests of shapes that were made before, which many devices share.
    """
    return _digest(_meant(definition, {} if known is None else known))


#: Each shape with its digest, by its identity.
Known = dict[int, tuple[Shape, str]]


def _digest(plain: Any) -> str:
    text = json.dumps(plain, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def _meant(value: Any, known: Known) -> Any:
    """Return what a definition means, as plain data."""
    if isinstance(value, Shape):
        if id(value) not in known:
            known[id(value)] = value, _digest(_fields(value, known))
        return known[id(value)][1]
    if is_dataclass(value):
        return _fields(value, known)
    if isinstance(value, Mapping):
        return {str(key): _meant(item, known) for key, item in cast(Mapping[Any, Any], value).items()}
    if isinstance(value, list | tuple):
        items = [_meant(item, known) for item in cast(list[Any], value)]
        return [type(cast(Any, value)).__name__, *items] if hasattr(cast(Any, value), "_fields") else items
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return f"{type(value).__name__}: {value!r}"


def _fields(value: Any, known: Known) -> dict[str, Any]:
    kept = {one.name: _meant(getattr(value, one.name), known) for one in fields(value) if one.name not in _NOT_MEANT}
    return {"": type(value).__name__, **kept}
