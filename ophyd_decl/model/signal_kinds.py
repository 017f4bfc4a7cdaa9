"""Kinds of value that only signals have: limits, timeouts, `wait`, `restore`."""

from dataclasses import replace
from typing import Any

from ..blueprint import Timeouts
from ..source.tree import UNKNOWN, LocatedList, LocatedMapping
from ..vocab.readings import Limits
from .kinds import FAILED, Kind, Number, Spot, shown


class LimitsPair(Kind):
    """The lowest and the highest value; null where an end is open."""

    expected = "a list of two numbers"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return `Limits`."""
        if value is UNKNOWN:
            return value
        if not isinstance(value, LocatedList) or len(value) != 2:
            return spot.error(
                "E120", f"expected a low and a high limit, got {shown(value)}", "write `[low, high]`, `null` for none"
            )
        ends: list[Any] = []
        for index, end in enumerate(value):
            if end is None or end is UNKNOWN:
                ends.append(end)
            else:
                ends.append(Number().read(end, spot.below(value, index)))
        if FAILED in ends:
            return FAILED
        if UNKNOWN in ends:
            return UNKNOWN
        low, high = ends
        if low is not None and high is not None and low >= high:
            return spot.error(
                "E126", f"the low limit {low} is not below the high limit {high}", f"write [{high}, {low}]"
            )
        return Limits(low, high)

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"type": "array", "minItems": 2, "maxItems": 2, "items": {"type": ["number", "null"]}}


class TimeoutSeconds(Kind):
    """One number for every operation, or a mapping with `connect`, `read` and `write`; in s."""

    expected = "a number of seconds, or a mapping with `connect`, `read` and `write`"
    _seconds = Number(gt=0)

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the seconds by operation."""
        if value is UNKNOWN:
            return {}
        if not isinstance(value, LocatedMapping):
            seconds = self._seconds.read(value, spot)
            return FAILED if seconds is FAILED else dict.fromkeys(("connect", "read", "write"), seconds)
        found: dict[str, Any] = {}
        for name, item in value.items():
            if name in ("connect", "read", "write"):
                found[name] = self._seconds.read(item, spot.below(value, name))
            else:
                place = value.key_place(name)
                spot.findings.error(
                    "E110", f"unknown key `{name}` in `timeout`", place, "use `connect`, `read`, `write`"
                )
                found[name] = FAILED
        return FAILED if FAILED in found.values() else {k: v for k, v in found.items() if v is not UNKNOWN}

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        seconds = {"type": "number", "exclusiveMinimum": 0}
        three = dict.fromkeys(("connect", "read", "write"), seconds)
        return {"anyOf": [seconds, {"type": "object", "properties": three, "additionalProperties": False}]}


def with_timeout(timeouts: Timeouts, seconds: dict[str, float] | None) -> Timeouts:
    """Return time-outs of which some are given anew."""
    return replace(timeouts, **seconds) if seconds else timeouts


class WaitWord(Kind):
    """Whether a put waits for its completion: true, false or `non_zero`."""

    expected = "`true`, `false` or `non_zero`"

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the word of the blueprint."""
        if value is UNKNOWN or value is True:
            return "yes"
        if value is False:
            return "no"
        if value == "non_zero":
            return "non_zero"
        return spot.error("E122", f"expected {self.expected}, got {shown(value)}", "write `true` or `false`")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"enum": [True, False, "non_zero"]}


class RestorePhase(Kind):
    """A phase of `settings restore`, or `never`."""

    expected = "a whole number, or `never`"
    _phase = Number(whole=True, ge=0, le=99)

    def read(self, value: Any, spot: Spot) -> Any:
        """Return the phase, or the word."""
        if value is UNKNOWN or value == "never":
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return self._phase.read(value, spot)
        return spot.error("E122", f"expected {self.expected}, got {shown(value)}", "write `never`, or a phase: 1")

    def schema(self) -> dict[str, Any]:
        """Return the JSON Schema."""
        return {"anyOf": [self._phase.schema(), {"const": "never"}]}
