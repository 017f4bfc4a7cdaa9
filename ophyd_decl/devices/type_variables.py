"""The type of the values of a signal, or movable device, for type checkers: what `SignalR[float]` is made with.

One that says no type stands for all: `SignalR` is `SignalR[Any]`.
"""

from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # `typing` has defaults from Python 3.13 on; when it runs, nobody needs them

    Value = TypeVar("Value", default=Any)
    #: of another signal, which is waited for.
    Awaited = TypeVar("Awaited", default=Any)
    #: of what is read.
    Value_co = TypeVar("Value_co", covariant=True, default=Any)
    #: of what is written.
    Value_contra = TypeVar("Value_contra", contravariant=True, default=Any)
    #: of what is written, where that is more or less than what is read.
    Target_contra = TypeVar("Target_contra", contravariant=True, default=Value)
    MoveTarget_contra = TypeVar("MoveTarget_contra", contravariant=True, default=Value_co)
    #: of what stands in a vector, and its keys.
    Key = TypeVar("Key", default=Any)
    Item_co = TypeVar("Item_co", covariant=True, default=Any)
    #: of what a command takes, and returns.
    Argument_contra = TypeVar("Argument_contra", contravariant=True, default=Any)
    Returned_co = TypeVar("Returned_co", covariant=True, default=Any)
else:
    Value = TypeVar("Value")
    Awaited = TypeVar("Awaited")
    Value_co = TypeVar("Value_co", covariant=True)
    Value_contra = TypeVar("Value_contra", contravariant=True)
    Target_contra = TypeVar("Target_contra", contravariant=True)
    MoveTarget_contra = TypeVar("MoveTarget_contra", contravariant=True)
    Key = TypeVar("Key")
    Item_co = TypeVar("Item_co", covariant=True)
    Argument_contra = TypeVar("Argument_contra", contravariant=True)
    Returned_co = TypeVar("Returned_co", covariant=True)
