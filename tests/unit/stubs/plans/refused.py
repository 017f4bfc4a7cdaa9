# ruff: noqa
"""What no plan can do: pyright refuses each line that says so, and no other."""

import numpy as np
from beamlines.everything import beamline, box, det, gate, i0, linkam, m1, mono, other, ring, sample, stage, vac, valve
from beamlines.everything import stge  # error: "stge" is unknown import symbol


async def attributes() -> None:
    print(m1.velocty)  # error: Cannot access attribute "velocty" for class "LabAxis"
    print(stage.encoder)  # error: Cannot access attribute "encoder" for class "LabMotor"
    print(det.chanel)  # error: Cannot access attribute "chanel" for class "LabDetector"
    print(det.channel[3])  # error: "Literal[3]" is not assignable to type "Literal[1, 2]"
    print(det.channel["1"])  # error: Literal['1']
    print(other.channel[1].vale)  # error: Cannot access attribute "vale" for class "LabChannel_2"
    print(vac.gauge["p2"])  # error: Literal['p2']
    print(box.disarm)  # error: Cannot access attribute "disarm" for class "Box"
    print(beamline.stge)  # error: "Literal['stge']" is not assignable to type "Never"
    print(linkam.cool)  # error: Cannot access attribute "cool" for class "Heater"
    print(ring.current.st)  # error: Cannot access attribute "st" for class "SignalR[float]"


def labels() -> None:
    det.channel[1].mode.set("Low")  # error: "Literal['Low']" is not assignable to type "Literal['Low Energy']"
    other.channel[1].mode.set("Low Energy")  # error: is not assignable to type "Literal['Slow']"
    valve.set("Opened")  # error: "Literal['Opened']" is not assignable to type "Literal['Open']"
    valve.put("Opened")  # error: "Literal['Opened']" is not assignable to type "Literal['Open']"
    stage.set("out")  # error: "Literal['out']" is not assignable to type "float | Literal['in', 'far out']"
    sample.some.set("LO")  # error: "Literal['LO']" is not assignable to type "Literal['low']"
    vac.gauge["p1"].Literal.set("its")  # error: "Literal['its']" is not assignable to type


async def values() -> None:
    m1.set("12")  # error: "Literal['12']" is not assignable to "float"
    mono.set(None)  # error: "None" is not assignable to "float"
    det.exposure.set("long")  # error: "Literal['long']" is not assignable to "float"
    gate.set("on")  # error: "Literal['on']" is not assignable to "bool"
    sample.name_.set(1)  # error: "Literal[1]" is not assignable to "str"
    sample.mask.set(np.zeros(3, np.float64))  # error: cannot be assigned to parameter "value"
    sample.mask.set([0.5])  # error: cannot be assigned to parameter "value"
    sample.points.set({"time": np.zeros(1, np.uint32)})  # error: cannot be assigned to parameter "value"
    text: str = await i0.get_value()  # error: "float" is not assignable to "str"
    await ring.park.execute("ON")  # error: "Literal['ON']" is not assignable to type "Literal['In']"
    await det.start.execute(1)  # error: "Literal[1]" is not assignable to "None"
    print(text)


def verbs() -> None:
    i0.set(1.0)  # error: Cannot access attribute "set" for class "SignalR[float]"
    det.set(1)  # error: Cannot access attribute "set" for class "LabDetector"
    stage.trigger()  # error: Cannot access attribute "trigger" for class "LabMotor"
    print(gate.get())  # error: Cannot access attribute "get" for class "SignalW[bool]"
