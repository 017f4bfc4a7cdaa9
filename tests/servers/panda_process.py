"""The program of a server that looks like a PandABox: PVI structures, vectors of blocks, tables, about 970 PVs.

It writes READY when clients can connect, and ends when its standard input does. With `--wrong` its structures also name
what is not there, or is something else.
"""

import argparse
import sys
from typing import Any

from p4p import Type, Value
from p4p.nt import NTEnum, NTScalar, NTTable
from p4p.server import Server, StaticProvider
from p4p.server.thread import SharedPV

#: Blocks: name, how many, how many plain signals each.
BLOCKS = (
    ("bits", 0, 8), ("calc", 2, 12), ("clock", 2, 6), ("counter", 8, 14), ("div", 2, 8), ("filter", 2, 10),
    ("inenc", 4, 16), ("lut", 8, 14), ("outenc", 4, 12), ("pcap", 0, 20), ("pcomp", 2, 20), ("pgen", 2, 10),
    ("posenc", 2, 10), ("pulse", 4, 18), ("qdec", 2, 8), ("seq", 2, 20), ("srgate", 4, 12), ("system", 0, 6),
    ("ttlin", 6, 4), ("ttlout", 10, 4), ("adder", 13, 16),
)  # fmt: skip
TRIGGERS = ("Immediate", "BITA=0", "BITA=1")
COLUMNS = (("repeats", "H"), ("trigger", "s"), ("position", "i"), ("time1", "I"), ("outa1", "B"))


class Box:
    """The PVs by name, and how they are made."""

    def __init__(self, prefix: str) -> None:
        self.prefix = prefix
        self.pvs: dict[str, SharedPV] = {}

    def add(self, name: str, made: Any, initial: Any) -> str:
        """Serve one PV that takes what is put; return its name."""
        pv = SharedPV(nt=made, initial=initial)

        @pv.put
        def put(pv: Any, operation: Any) -> None:
            pv.post(operation.value())
            operation.done()

        self.pvs[self.prefix + name] = pv
        return self.prefix + name

    def structure(self, name: str, entries: dict[str, Any]) -> str:
        """Serve a PVI structure; a list of entries is a vector whose item 0 is empty."""
        members = [(key, _type_of(entry)) for key, entry in entries.items()]
        served = Type([("value", ("S", None, members))], id="epics:nt/NTPVI:1.0")
        self.pvs[self.prefix + name] = SharedPV(initial=Value(served, {"value": entries}))
        return self.prefix + name

    def signal(self, block: str, number: int) -> tuple[str, dict[str, str]]:
        """Serve one signal of a block, of the kind that belongs to its number; return its entry."""
        key, pv = f"s{number}", f"{block}:S{number}"
        kind = number % 6
        if kind == 0:
            made = NTScalar("d", display=True, control=True)
            value = {"value": number + 0.5, "display.units": "s", "control.limitLow": 0.0, "control.limitHigh": 100.0}
            return key, {"rw": self.add(pv, None, Value(made.type, value))}
        if kind == 1:
            return key, {"rw": self.add(pv, NTEnum(), {"index": 1, "choices": list(TRIGGERS)})}
        if kind == 2:
            return key, {"r": self.add(pv, NTScalar("I"), number)}
        if kind == 3:
            return key, {"rw": self.add(pv, NTScalar("?"), True)}
        if kind == 4:
            return key, {"r": self.add(pv, NTScalar("ad"), [0.5, 1.5])}
        return key, {"r": self.add(pv, NTScalar("i"), 3), "w": self.add(f"{pv}:SP", NTScalar("i"), 3)}

    def block(self, name: str, signals: int) -> dict[str, str]:
        """Serve one block; return its entry."""
        upper = name.upper()
        entries: dict[str, Any] = dict(self.signal(upper, number) for number in range(signals - 1))
        entries["start"] = {"x": self.add(f"{upper}:START", NTScalar("?"), False)}
        if name.startswith("seq"):
            table = NTTable(list(COLUMNS))
            rows = [dict(zip([key for key, _ in COLUMNS], (1, "Immediate", -5, 100, 1), strict=True))]
            entries["table"] = {"rw": self.add(f"{upper}:TABLE", None, table.wrap(rows))}
        return {"d": self.structure(f"{upper}:PVI", entries)}

    def serve_blocks(self, *, wrong: bool) -> None:
        """Serve everything."""
        entries: dict[str, Any] = {}
        for name, count, signals in BLOCKS:
            if count:
                entries[name] = [None, *(self.block(f"{name}{number + 1}", signals) for number in range(count))]
            else:
                entries[name] = self.block(name, signals)
        if wrong:
            entries |= {
                "scalar": {"d": self.add("SCALAR", NTScalar("d"), 1.0)},
                "lost": {"d": f"{self.prefix}LOST:PVI"},
                "loop": {"d": f"{self.prefix}PVI"},
                "absent": {"rw": f"{self.prefix}ABSENT"},
                "odd": {"r": self.add("ODD", None, Value(Type([("x", "d")]), {"x": 1.0}))},
                "unnamed": {"rw": ""},
            }
        self.structure("PVI", entries)


def _type_of(entry: Any) -> Any:
    if isinstance(entry, list):
        return ("aS", None, [("d", "s")])
    return ("S", None, [(field, "s") for field in entry])


def main() -> None:
    """Serve until the standard input ends."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--prefix", required=True)
    parser.add_argument("--wrong", action="store_true", help="name what is not there, or something else, too")
    options = parser.parse_args()
    box = Box(options.prefix)
    box.serve_blocks(wrong=options.wrong)
    provider = StaticProvider("panda")
    for name, pv in box.pvs.items():
        provider.add(name, pv)
    with Server(providers=[provider]):
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        sys.stdin.read()


if __name__ == "__main__":
    main()
