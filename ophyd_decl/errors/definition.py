"""Errors about files and installed plugins, raised before any control system is touched."""

from collections.abc import Callable, Sequence

from .diagnostic import Diagnostic
from .root import OphydDeclError


class DefinitionError(OphydDeclError):
    """The files of a beamline are wrong.

    :param diagnostics: every mistake that was found, in the order of the files.
    :param render: turns the diagnostics into text with code frames; without it one line is given for each.
    """

    def __init__(
        self,
        diagnostics: Sequence[Diagnostic],
        render: Callable[[Sequence[Diagnostic]], str] | None = None,
    ) -> None:
        self.diagnostics = tuple(diagnostics)
        self._render = render
        super().__init__(self.diagnostics)

    def __str__(self) -> str:
        """Return every diagnostic as text."""
        if self._render is not None:
            return self._render(self.diagnostics)
        return "\n".join(f"{d.place}: {d.severity}[{d.code}]: {d.summary}" for d in self.diagnostics)


class PluginError(OphydDeclError):
    """An installed plugin cannot be used.

    :param plugin: name of its entry point.
    :param distribution: the installed distribution that brought it.
    :param problem: what went wrong.
    """

    def __init__(self, plugin: str, distribution: str, problem: str) -> None:
        self.plugin = plugin
        self.distribution = distribution
        self.problem = problem
        super().__init__(f"plugin `{plugin}` of {distribution}: {problem}")
