"""What stands where a file names a Python class: it makes the device of that class, and hands it out.

The device is made when somebody asks for it, or connects it; no sooner, since making one of ophyd already searches its
PVs. What users get is the device itself, never something that stands for it. One that cannot be made leaves this place
behind: using it raises an error that says why, and all other devices work.
"""

import importlib
import inspect
import threading
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, cast

from ..blueprint import DeviceBlueprint, PythonClass, Reference
from ..errors import AbsentError, OphydDeclError, ReadOnlyError
from ..vocab.python_classes import is_allowed
from .context import Context
from .hosted import Library, library_of, member_of, said
from .node import Node, root_of

#: What a hosted device carries: the place that it has in a beamline.
_PLACE = "_ophyd_decl_place"


class NotHostedError(AbsentError, AttributeError):
    """A device of a Python class was used, and could not be made.

    It is an `AttributeError` too, so that whoever asks what the device can do learns that it can do nothing.
    """

    code = "E504"


class HostedReadOnlyError(ReadOnlyError, NotHostedError):
    """A device of a Python class was used in read-only mode, which could not hold it to that."""

    code = "E505"


class PythonDevice(Node):
    """The place of a device that a Python class makes."""

    __slots__ = (
        "_arguments", "_failure", "_hosting", "_labels", "_library", "_lock", "_made", "_making", "_python", "_shape",
    )  # fmt: skip

    def __init__(self, context: Context, blueprint: DeviceBlueprint) -> None:
        super().__init__(context, None, blueprint.path, blueprint.document_name, blueprint.place)
        python = blueprint.python or PythonClass("", {})
        self._shape = blueprint.shape
        self._labels = frozenset(blueprint.labels)
        self._python = python.name
        self._arguments = python.arguments
        self._lock = threading.RLock()
        self._making = False
        self._made: Any = None
        self._library: Library = "other"
        self._failure: NotHostedError | None = None
        #: what came of connecting it; kept by the session.
        self._hosting: Any = None

    @property
    def labels(self) -> frozenset[str]:
        """Return the labels that the file gives it."""
        return self._labels

    @property
    def class_name(self) -> str:
        """Return the class, `module:Class`."""
        return self._python

    def made(self) -> Any:
        """Return the device, made at the first call; one that could not be made is tried again at the next connect.

        :raises NotHostedError: if it cannot be made.
        """
        with self._lock:
            if self._made is None:
                if not self._context.shared.makes_python:
                    raise self._error(f"the Python class {self._python} is not made here", "connect the beamline")
                if self._failure is None:
                    self._make()
                if self._failure is not None:
                    raise self._failure.with_traceback(None)
            return self._made

    def try_again(self) -> None:
        """Forget why it could not be made."""
        self._failure = None

    def check_mock(self) -> None:
        """Raise where it is too late for mock mode.

        :raises OphydDeclError: if ophyd has made it already, which then works on its PVs.
        """
        if self._made is not None and self._library == "ophyd" and not self._context.mock:
            raise OphydDeclError(
                f"{self.path} was made already, to work on its PVs; ask for mock mode before anything uses it"
            )

    def or_itself(self) -> Any:
        """Return the device, or this place where it cannot be made."""
        try:
            return self.made()
        except NotHostedError:
            return self

    def not_native(self) -> OphydDeclError:
        """Return the error of asking for a value in a way that only devices of this package know."""
        made = self.made()
        return OphydDeclError(f"{self.path} is a {type(made).__name__} of Python; use its own verbs, as plans do")

    def _make(self) -> None:
        if self._making:
            self._failure = self._error("its arguments need itself", "take the reference out of `args`")
            return
        self._making = True
        try:
            made = self._build()
        except NotHostedError as error:
            self._failure = error
        else:
            with suppress(AttributeError):  # where it has slots, `ensure_connected` does not know it
                object.__setattr__(made, _PLACE, self)
            self._made = made
        finally:
            self._making = False

    def _build(self) -> Any:
        if self._context.shared.read_only and not self._context.mock:
            raise HostedReadOnlyError(
                f"the Python class {self._python} is not made in read-only mode, which could not keep it from writing",
                help="take read-only mode away to use it; in mock mode it works too",
            ).about(self.path, self._place)
        kind = self._load()
        self._library = library_of(kind)
        try:
            arguments = {name: self._resolved(value) for name, value in self._arguments.items()}
            if "name" not in arguments and _takes_name(kind):
                arguments["name"] = self.name
            if self._context.mock and self._library == "ophyd":
                kind = importlib.import_module("ophyd.sim").make_fake_device(kind)
            made = kind(**arguments)
            if self._library == "ophyd-async" and "name" not in self._arguments:
                made.set_name(self.name, child_name_separator=self._context.shared.separator)
        except NotHostedError as error:
            raise self._error(f"its arguments name what cannot be used: {error}", "mend that first") from error
        except Exception as error:
            raise self._error(
                f"the Python class {self._python} raised {said(error)}", "mend `args`, or the class"
            ) from error
        return made

    def _load(self) -> type:
        """Return the class.

        :raises NotHostedError: if it cannot be imported, is no class, or is one that may not be loaded.
        """
        module, _, name = self._python.partition(":")
        try:
            found: Any = importlib.import_module(module)
            for part in name.split("."):
                found = getattr(found, part)
        except Exception as error:
            raise self._error(
                f"the Python class {self._python} cannot be imported: {said(error)}",
                "install the package that has it, or mend the name",
            ) from error
        if not isinstance(found, type):
            raise self._error(
                f"{self._python} is no class but a {type(found).__name__}", "name a class, as `module:Class`"
            )
        kind: type = found
        own = f"{kind.__module__}:{kind.__qualname__}"
        allowed = self._context.shared.python_allow
        if not is_allowed(own, allowed):
            raise self._error(
                f"{self._python} is the class {own}, which may not be loaded",
                f'add "{own.replace(":", ".")}" to `python_allow`, if you trust it',
            )
        return kind

    def _resolved(self, value: Any) -> Any:
        """Return an argument with nodes, devices and services in the place of references."""
        if isinstance(value, Reference):
            locate = self._context.shared.locate
            if locate is None:
                raise OphydDeclError(f"{value} leads out of a device that belongs to no beamline")
            found = locate(value.path)
            return found.made() if isinstance(found, PythonDevice) else found
        if isinstance(value, Mapping):
            items = cast("Mapping[str, Any]", value)
            return {name: self._resolved(item) for name, item in items.items()}
        if isinstance(value, list | tuple):
            return [self._resolved(item) for item in cast("list[Any]", value)]
        return value

    def _error(self, problem: str, help: str) -> NotHostedError:
        return NotHostedError(problem, help=help).about(self.path, self._place)

    def __getattr__(self, name: str) -> Any:
        """Say why it cannot be used; give what the device has, where it can.

        :raises NotHostedError: for every verb and member, if the device cannot be made.
        """
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self.made(), name)

    def __getitem__(self, key: str | int) -> Any:
        """Return a member of the device.

        :raises KeyError: if it has none of this name.
        :raises NotHostedError: if the device cannot be made.
        """
        return member_of(self.made(), key)

    def __repr__(self) -> str:
        """Return path and class."""
        return f"{self.path} <python {self._python}>"


def shown(node: Any) -> Any:
    """Return what users get for a node of the tree: for the place of a Python class its device, if it can be made."""
    return node.or_itself() if isinstance(node, PythonDevice) else node


def holder_of(node: Any) -> Any:
    """Return the device of the beamline that holds a node; of a hosted one, and of what is in it, its place.

    :raises OphydDeclError: if it belongs to no beamline.
    """
    root = root_of(node)
    if isinstance(root, Node):
        return root
    place = getattr(root, "__dict__", {}).get(_PLACE)
    if place is None:
        raise OphydDeclError(f"{getattr(node, 'name', node)!r} is no device of a beamline of ophyd_decl")
    return place


def _takes_name(kind: type) -> bool:
    """Return whether a class can be told its name when it is made."""
    try:
        parameters = inspect.signature(kind).parameters
    except (TypeError, ValueError):  # some classes do not tell
        return False
    named = parameters.get("name")
    if named is not None:
        return named.kind is not inspect.Parameter.POSITIONAL_ONLY
    return any(one.kind is inspect.Parameter.VAR_KEYWORD for one in parameters.values())
