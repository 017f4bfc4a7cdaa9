"""What a check answers: facts, and findings with what to do."""

from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing as it is.

    :param about: what it means, in a few words.
    """

    name: str
    value: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong (`error`), probably not meant (`warning`), or good to know (`note`)."""

    severity: Severity
    cause: str
    help: str = ""


@dataclass(slots=True)
class Section:
    """The facts and findings about one subject."""

    name: str
    facts: list[Fact] = field(default_factory=list[Fact])
    findings: list[Finding] = field(default_factory=list[Finding])

    def fact(self, name: str, value: object, about: str = "") -> None:
        """Add a fact."""
        self.facts.append(Fact(name, str(value), about))

    def error(self, cause: str, help: str) -> None:
        """Add what is wrong."""
        self.findings.append(Finding("error", cause, help))

    def warn(self, cause: str, help: str) -> None:
        """Add what is probably not meant."""
        self.findings.append(Finding("warning", cause, help))

    def note(self, cause: str, help: str = "") -> None:
        """Add what is good to know."""
        self.findings.append(Finding("note", cause, help))


def installed(distribution: str) -> str:
    """Return the version of a distribution, empty where it is not installed."""
    try:
        return version(distribution)
    except PackageNotFoundError:
        return ""
