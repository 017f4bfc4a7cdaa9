"""An IOC that sends a flood: many readbacks in bursts, and in the midst of each a flag that goes 1, 0, 1 at once.

Everything in a burst is processed by one thread of the IOC, without a pause: it lasts less than a millisecond.
"""

from tests.servers.ioc import Ioc

#: How many records a fanout of the IOC reaches at most, in a chain each.
_CHAINS = 12

_RECORDS = """\
record(calc, "$(P)pulses") { field(INPA, "$(P)pulses") field(CALC, "A+1") field(FLNK, "$(P)low") }
record(calcout, "$(P)low") { field(CALC, "0") field(OUT, "$(P)done PP") field(FLNK, "$(P)high") }
record(calcout, "$(P)high") { field(CALC, "1") field(OUT, "$(P)done PP") }
record(bo, "$(P)done") { field(ZNAM, "Moving") field(ONAM, "Done") field(VAL, "1") field(PINI, "YES") }

record(ao, "$(P)axis") { field(VAL, "0") field(PINI, "YES") field(PREC, "3") field(FLNK, "$(P)axis:low") }
record(calcout, "$(P)axis:low") { field(CALC, "0") field(OUT, "$(P)axis:done PP") field(FLNK, "$(P)axis:readback") }
record(ai, "$(P)axis:readback") { field(INP, "$(P)axis") field(PREC, "3") field(FLNK, "$(P)axis:high") }
record(calcout, "$(P)axis:high") { field(CALC, "1") field(OUT, "$(P)axis:done PP") }
record(bo, "$(P)axis:done") { field(ZNAM, "Moving") field(ONAM, "Done") field(VAL, "1") field(PINI, "YES") }

record(seq, "$(P)tick") {
  field(DLY1, "$(PERIOD)") field(DOL1, "1") field(LNK1, "$(P)burst.PROC PP") field(FLNK, "$(P)tock")
}
record(seq, "$(P)tock") { field(DLY1, "0.0001") field(DOL1, "1") field(LNK1, "$(P)tick.PROC PP") }
"""


def database(count: int, period_s: float) -> str:
    """Return the records: so many readbacks, `rb0` and so on, each once in a burst."""
    chains = [range(start, count, _CHAINS) for start in range(min(_CHAINS, count))]
    lines = [_RECORDS.replace("$(PERIOD)", f"{period_s:g}")]
    for chain in chains:
        for number in chain:
            follows = f'field(FLNK, "$(P)rb{number + _CHAINS}")' if number + _CHAINS < count else ""
            lines.append(
                f'record(calc, "$(P)rb{number}") {{ field(INPA, "$(P)rb{number}") field(CALC, "A+1") {follows} }}'
            )
    heads = [f"rb{chain[0]}" for chain in chains]
    middle = len(heads) // 2
    links = [f'field(LNK{at:X}, "$(P){name}")' for at, name in enumerate([*heads[:middle], "pulses", *heads[middle:]])]
    return "\n".join([*lines, f'record(fanout, "$(P)burst") {{ {" ".join(links)} }}', ""])


def begin(ioc: Ioc) -> None:
    """Let the bursts begin."""
    ioc.put("tick.DISA", 0)
    ioc.put("tick.PROC", 1)


def end(ioc: Ioc) -> None:
    """Let no burst follow."""
    ioc.put("tick.DISA", 1)
