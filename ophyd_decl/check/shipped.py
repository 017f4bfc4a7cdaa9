"""Facts of the shipped plugins; written by `python -m ophyd_decl.check.write_shipped`, do not edit."""

from .facts import OptionFacts, PluginFacts
from .requirement import Requirement

# ruff: noqa: E501
# fmt: off
SHIPPED: dict[str, PluginFacts] = {
    'setpoint': PluginFacts('setpoint', 'movable', ('readback', 'setpoint'), {
        'setpoint': OptionFacts(
            'signal that is written with the target', required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'readback': OptionFacts(
            'signal that says where it is; default: the setpoint', mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'done': OptionFacts(
            'formula that is true when the move has ended', mark='condition', kind='str'),
        'failed': OptionFacts(
            'formula that is true when the move cannot succeed', mark='condition', kind='str'),
        'tolerance': OptionFacts(
            'largest distance of the readback from the target, in its unit', kind='float', ge=0.0),
        'settle': OptionFacts(
            'time that the end must hold before the move is done, in s', kind='float', ge=0.0),
        'grace': OptionFacts(
            'time in which a `done` that starts true is waited for to become false, in s', kind='float', ge=0.0),
        'start': OptionFacts(
            'command that starts the move after the setpoint was written', mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'stop': OptionFacts(
            'command that stops the move', mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'velocity': OptionFacts(
            'signal with the speed, for the time-out, in unit/s', mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'acceleration_time': OptionFacts(
            'signal with the time to reach the speed, for the time-out, in s', mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'timeout': OptionFacts(
            'longest time of a move, in s; default: from the speed', kind='float', gt=0.0),
        'positions': OptionFacts(
            'named positions and their values, in the unit', kind='map'),
    }),
    'derived': PluginFacts('derived', 'movable', ('signal',), {
        'signal': OptionFacts(
            'derived signal that is set', required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'timeout': OptionFacts(
            'longest time of a move, in s; default: that of its inputs', kind='float', gt=0.0),
    }),
    'start_and_wait': PluginFacts('start_and_wait', 'triggerable', (), {
        'start': OptionFacts(
            'command that starts one acquisition', required=True, mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'reset': OptionFacts(
            'command that is executed before the start', mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'done': OptionFacts(
            'formula that is true when the data are there; default: completion of `start`', mark='condition', kind='str'),
        'failed': OptionFacts(
            'formula that is true when the acquisition failed', mark='condition', kind='str'),
        'exposure': OptionFacts(
            'signal with the exposure time, for the time-out, in s', mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'grace': OptionFacts(
            'time in which a `done` that starts true is waited for to become false, in s', kind='float', ge=0.0),
        'timeout': OptionFacts(
            'longest time of an acquisition, in s; default: exposure + 10 s', kind='float', gt=0.0),
    }),
}
