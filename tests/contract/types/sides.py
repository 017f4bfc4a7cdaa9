"""The server's side of the experiment: values are given and looked at with p4p itself, where it can."""

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np

from .columns import Label
from .experiment import Other

#: Members of the union of an image.
_MEMBERS = {"uint8": "ubyteValue", "uint16": "ushortValue"}


class StructuresSide:
    """A server of pvAccess, seen by p4p."""

    def __init__(self, prefix: str) -> None:
        self._prefix = prefix
        self.other = Other(self.address, self.give, self.held)

    def __enter__(self) -> Self:
        from p4p.client.thread import Context

        self._client = Context("pva", nt=False)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def address(self, name: str) -> str:
        """Return the PV of a row."""
        return f"{self._prefix}{name}"

    async def give(self, values: Mapping[str, Any]) -> None:
        """Give a value to each of these."""
        self._client.put([self.address(name) for name in values], [_structure(value) for value in values.values()])

    async def held(self, names: Sequence[str]) -> list[Any]:
        """Return what each of these holds."""
        return [_raw(structure) for structure in self._client.get([self.address(name) for name in names])]


class IocSide(StructuresSide):
    """A soft IOC, seen by p4p, and by aioca for arrays of enums, which pvAccess does not have."""

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)
        import aioca

        aioca.purge_channel_caches()

    async def give(self, values: Mapping[str, Any]) -> None:
        import aioca

        await super().give({name: value for name, value in values.items() if not _is_enum(name)})
        enums = [name for name in values if _is_enum(name) and values[name] != []]
        indices = [value.index if isinstance(value := values[name], Label) else value for name in enums]
        await aioca.caput([self.address(name) for name in enums], indices, wait=True)

    async def held(self, names: Sequence[str]) -> list[Any]:
        import aioca

        plain = [name for name in names if not _is_enum(name)]
        values = dict(zip(plain, await super().held(plain), strict=True))
        enums = [name for name in names if _is_enum(name)]
        values |= zip(enums, await aioca.caget([self.address(name) for name in enums]), strict=True)
        return [values[name] for name in names]


def _is_enum(name: str) -> bool:
    return name.endswith("_ENUM")


def _structure(value: Any) -> dict[str, Any]:
    """Return what is put into a structure to give it a value."""
    if isinstance(value, Label):
        return {"value": {"index": value.index}}
    if isinstance(value, np.ndarray):
        sizes = [{"size": size} for size in reversed(value.shape)]
        return {"value": (_MEMBERS[value.dtype.name], value.ravel()), "dimension": sizes}
    return {"value": value}


def _raw(structure: Any) -> Any:
    """Return what a structure holds as `value`, in the form in which it was given."""
    value = structure["value"]
    if not hasattr(value, "getID"):
        return value
    return value["index"] if value.has("index") else value.todict()
