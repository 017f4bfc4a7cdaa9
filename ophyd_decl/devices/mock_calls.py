"""What was put and executed in mock mode, as mocks of `unittest`: each is a child of the mock of its device.

They are made at the first put, or when a test asks; nothing of them is imported before.
"""

from typing import TYPE_CHECKING, Any, NamedTuple

from .node import Node

if TYPE_CHECKING:
    from unittest.mock import AsyncMock, Mock


def mock_of(node: Node) -> "Mock":
    """Return the mock of a node, which knows all calls below it in order."""
    mocks = node._context.shared.mocks
    found = mocks.get((node, ""))
    if found is None:
        from unittest.mock import Mock

        found = mocks[node, ""] = Mock(name=node.path)
        if node.parent is not None:
            mock_of(node.parent).attach_mock(found, str(node._key))
    return found


def call_mock(node: Node, verb: str, answer: Any = None) -> "AsyncMock":
    """Return what is called with the values of a verb of a node.

    :param verb: `put` or `execute`.
    :param answer: what it returns as long as there is no callback.
    """
    mocks = node._context.shared.mocks
    found = mocks.get((node, verb))
    if found is None:
        from unittest.mock import AsyncMock

        found = mocks[node, verb] = AsyncMock(name=verb, return_value=answer)
        mock_of(node).attach_mock(found, verb)
    return found


class PutRecorder(NamedTuple):
    """Has the mock of a signal called at each put; what its callback returns is taken instead of the value."""

    node: Node

    def __call__(self, value: Any, wait: bool) -> Any:
        """Return the call, to be awaited."""
        del wait
        return call_mock(self.node, "put")(value)
