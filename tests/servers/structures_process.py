"""The program of a server of pvAccess for tests, with a PV of each normative type and of what is none.

`structures_process.py PREFIX`. Every PV takes what a client puts. It writes READY to its standard output when it
serves, and ends when its standard input does, so it cannot outlive the process that started it.
"""

import sys
from typing import Any

from p4p import Type, Value
from p4p.nt import NTURI, NTEnum, NTMultiChannel, NTNDArray, NTScalar, NTTable
from p4p.server import Server
from p4p.server.thread import SharedPV

CODES = "?bBhHiIlLfds"
IMAGES = ("empty", "line", "grey", "colour", "packed")
_STAMPED: list[Any] = [
    ("alarm", ("S", "alarm_t", [("severity", "i"), ("status", "i"), ("message", "s")])),
    ("timeStamp", ("S", "time_t", [("secondsPastEpoch", "l"), ("nanoseconds", "i"), ("userTag", "i")])),
]


def main() -> None:
    """Serve until the standard input ends."""
    prefix = sys.argv[1]
    pvs = {f"{prefix}{name}": shared(value) for name, value in structures().items()}
    with Server(providers=[pvs]):
        sys.stdout.write("READY\n")
        sys.stdout.flush()
        sys.stdin.read()


def shared(value: Value) -> SharedPV:
    """Return a PV that holds what clients put."""
    pv = SharedPV(initial=value)

    @pv.put
    def put(pv: SharedPV, operation: Any) -> None:
        pv.post(operation.value())
        operation.done()

    return pv


def structures() -> dict[str, Value]:
    """Return what is served, by name."""
    found = {f"scalar_{code}": Value(NTScalar.buildType(code, display=True, control=True)) for code in CODES}
    found |= {f"array_{code}": Value(NTScalar.buildType(f"a{code}", display=True)) for code in CODES}
    choices = {"enum": ["Low", "High", "Off"], "enum_of_two": ["Closed", "Open"], "enum_repeated": ["A", "A", "", "B"]}
    for name, labels in choices.items():
        found[name] = Value(NTEnum.buildType(), {"value": {"index": 1, "choices": labels}})
    columns = [("x", "ad"), ("name", "as")]
    found["table"] = Value(NTTable.buildType(columns), {"labels": ["x", "name"]})
    found["table_odd"] = Value(NTTable.buildType([("x", "ad"), ("any", "av")]), {"labels": ["x", "any"]})
    for name in IMAGES:
        found[f"image_{name}"] = Value(NTNDArray.buildType())
    found["image_packed"]["value"] = ("ubyteValue", [1, 2, 3, 4])
    found["image_packed"]["codec.name"] = "blosc"
    found["image_packed"]["dimension"] = [{"size": 2}, {"size": 2}]
    return found | others()


def others() -> dict[str, Value]:
    """Return the normative types that are rare, and structures that are none."""
    found = {
        "matrix": normative("NTMatrix", [("value", "ad"), ("dim", "ai")], value=[1, 2, 3, 4, 5, 6], dim=[2, 3]),
        "aggregate": normative("NTAggregate", [("value", "d"), ("N", "l"), ("dispersion", "d")], value=1.5, N=9),
        "histogram": normative("NTHistogram", [("ranges", "ad"), ("value", "ai")], ranges=[0, 1, 2], value=[1, 7]),
        "continuum": normative("NTContinuum", [("base", "ad"), ("value", "ad"), ("units", "as")], value=[1.5, 3.0]),
        "name_value": normative("NTNameValue", [("name", "as"), ("value", "ad")], name=["a"], value=[1.5]),
        "attribute": normative("NTAttribute", [("name", "s"), ("value", "v")], name="a", value=1.5),
        "union": normative(
            "NTUnion", [("value", ("U", None, [("number", "d"), ("text", "s")]))], value=("number", 1.5)
        ),
        "any": normative("NTUnion", [("value", "v")], value=1.5),
        "multi_channel": Value(NTMultiChannel.buildType("av"), {"channelName": ["a"]}),
        "uri": Value(NTURI.buildType([("x", "d")]), {"scheme": "pva", "path": "p"}),
        "plain": Value(Type([("value", "d")]), {"value": 1.5}),
        "no_value": Value(Type([("x", "d"), ("y", "s")]), {"x": 1.5}),
        "structure_in_value": Value(Type([("value", ("S", None, [("x", "d")]))]), {"value": {"x": 1.5}}),
        "structures_in_value": Value(Type([("value", ("aS", None, [("x", "d")]))]), {"value": [{"x": 1.5}]}),
    }
    return found


def normative(name: str, members: list[Any], /, **values: Any) -> Value:
    """Return a structure that has the identifier of a normative type."""
    return Value(Type([*members, *_STAMPED], id=f"epics:nt/{name}:1.0"), values)


if __name__ == "__main__":
    main()
