"""Writes the same motors for every loader: YAML of ours, YAML for guarneri, JSON for happi.

A motor has 24 signals: 18 of its own and 6 of its child `limits`. The rivals' class is `programs/rival_motor.py`.
"""

import json
from pathlib import Path

SIGNALS_OF_A_MOTOR = 24

_TYPES = """\
api: ophyd_decl/v1
kind: types
namespace: bench
types:
  limits:
    params: {prefix: {type: str}}
    signals:
      high: {suffix: .HLM, dtype: float, access: rw, format: config}
      low: {suffix: .LLM, dtype: float, access: rw, format: config}
      dial_high: {suffix: .DHLM, dtype: float, access: rw}
      dial_low: {suffix: .DLLM, dtype: float, access: rw}
      high_switch: {suffix: .HLS, dtype: int, access: r}
      low_switch: {suffix: .LLS, dtype: int, access: r}
  motor:
    params: {prefix: {type: str}}
    signals:
      user_setpoint: {suffix: .VAL, dtype: float, access: rw}
      user_readback: {suffix: .RBV, dtype: float, access: r, format: hinted}
      dial_setpoint: {suffix: .DVAL, dtype: float, access: rw}
      dial_readback: {suffix: .DRBV, dtype: float, access: r}
      raw_readback: {suffix: .RRBV, dtype: float, access: r}
      done_moving: {suffix: .DMOV, dtype: int, access: r}
      moving: {suffix: .MOVN, dtype: int, access: r}
      velocity: {suffix: .VELO, dtype: float, access: rw, format: config}
      base_velocity: {suffix: .VBAS, dtype: float, access: rw, format: config}
      max_velocity: {suffix: .VMAX, dtype: float, access: rw, format: config}
      acceleration_time: {suffix: .ACCL, dtype: float, access: rw, format: config}
      backlash: {suffix: .BDST, dtype: float, access: rw}
      retry_deadband: {suffix: .RDBD, dtype: float, access: rw}
      offset: {suffix: .OFF, dtype: float, access: rw, format: config}
      resolution: {suffix: .MRES, dtype: float, access: rw}
      precision: {suffix: .PREC, dtype: int, access: rw}
      motor_egu: {suffix: .EGU, dtype: str, access: rw, format: config}
      stop_: {suffix: .STOP, dtype: int, access: rw}
    children:
      limits: {type: bench.limits, prefix: "${{ prefix }}"}
"""
_HEAD = """\
api: ophyd_decl/v1
kind: beamline
name: bench
vars: {mo: BL22I-MO, number: 1}
use: [./types.yaml]
devices:
"""


class Inputs:
    """The files of one run, written when they are first asked for.

    :param folder: where they are written.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        (folder / "types.yaml").write_text(_TYPES)

    def plain(self, devices: int) -> Path:
        """Return a beamline whose devices say their type and prefix and nothing else."""
        lines = [f'  {name}: {{type: bench.motor, prefix: "{prefix}"}}\n' for name, prefix in motors(devices)]
        return self._write(f"plain_{devices}.yaml", _HEAD + "".join(lines))

    def rich(self, devices: int) -> Path:
        """Return a beamline whose devices have six keys, with a variable in one of them."""
        lines = [
            f'  {name}: {{type: bench.motor, prefix: "${{{{ mo }}}}{prefix.removeprefix("BL22I-MO")}",'
            f" labels: [motors, hutch{number % 4}], connect: optional, timeout: 5, doc: axis {number} of the table}}\n"
            for number, (name, prefix) in enumerate(motors(devices))
        ]
        return self._write(f"rich_{devices}.yaml", _HEAD + "".join(lines))

    def expression(self) -> Path:
        """Return a beamline of one device whose prefix needs an operator."""
        line = "  m00000: {type: bench.motor, prefix: \"${{ mo }}-${{ '%05d' % number }}\"}\n"
        return self._write("expression.yaml", _HEAD + line)

    def guarneri(self, devices: int) -> Path:
        """Return the file of guarneri's loader; the key of the list is the class of its items."""
        lines = [f"- {{prefix: '{prefix}', name: {name}}}\n" for name, prefix in motors(devices)]
        return self._write(f"guarneri_{devices}.yaml", "motor:\n" + "".join(lines))

    def happi(self, devices: int) -> Path:
        """Return a database of happi."""
        items = {
            name: {
                "_id": name,
                "type": "OphydItem",
                "name": name,
                "prefix": prefix,
                "device_class": "rival_motor.Motor",
                "args": ["{{prefix}}"],
                "kwargs": {"name": "{{name}}"},
                "active": True,
            }
            for name, prefix in motors(devices)
        }
        return self._write(f"happi_{devices}.json", json.dumps(items))

    def _write(self, name: str, text: str) -> Path:
        path = self._folder / name
        if not path.exists():
            path.write_text(text)
        return path


def motors(devices: int) -> list[tuple[str, str]]:
    """Return names and prefixes."""
    return [(f"m{number:05d}", f"BL22I-MO-{number:05d}") for number in range(devices)]
