"""Facts of the shipped plugins; written by `python -m ophyd_decl.check.write_shipped`, do not edit."""

from .facts import OptionFacts, PluginFacts
from .requirement import Requirement

# ruff: noqa: E501
# fmt: off
SHIPPED: dict[str, PluginFacts] = {
    'setpoint': PluginFacts('setpoint', 'movable', ('readback', 'setpoint'), {
        'setpoint': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'readback': OptionFacts(mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'done': OptionFacts(mark='condition', kind='str'),
        'failed': OptionFacts(mark='condition', kind='str'),
        'allowed': OptionFacts(mark='condition on value', kind='str'),
        'tolerance': OptionFacts(kind='float', ge=0.0),
        'settle': OptionFacts(kind='float', ge=0.0),
        'grace': OptionFacts(kind='float', ge=0.0),
        'rests_at_target': OptionFacts(kind='bool'),
        'start': OptionFacts(mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'stop': OptionFacts(mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'velocity': OptionFacts(mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'acceleration_time': OptionFacts(mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'timeout': OptionFacts(kind='float', gt=0.0),
        'positions': OptionFacts(kind='map'),
    }),
    'motor_record': PluginFacts('motor_record', 'movable', ('readback',), {
        'setpoint': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'readback': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'done': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'stop': OptionFacts(required=True, mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'velocity': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'acceleration_time': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'mode': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'set_or_use': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'beyond_limits': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'high_switch': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'low_switch': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'missed': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'resolution': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'deadband': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'backlash': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'backlash_velocity': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'backlash_acceleration_time': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'tolerance': OptionFacts(kind='float', ge=0.0),
        'settle': OptionFacts(kind='float', ge=0.0),
        'timeout': OptionFacts(kind='float', gt=0.0),
        'positions': OptionFacts(kind='map'),
    }),
    'motor': PluginFacts('motor', 'flyer', (), {
        'velocity': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'max_velocity': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'base_velocity': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'acceleration_time': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'backlash': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'resolution': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'deadband': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
    }),
    'derived': PluginFacts('derived', 'movable', ('signal',), {
        'signal': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'timeout': OptionFacts(kind='float', gt=0.0),
    }),
    'coupled': PluginFacts('coupled', 'movable', ('signal',), {
        'signal': OptionFacts(required=True, mark=Requirement(kind='signal', readable=True, writable=True), kind='str'),
        'timeout': OptionFacts(kind='float', gt=0.0),
    }),
    'start_and_wait': PluginFacts('start_and_wait', 'triggerable', (), {
        'start': OptionFacts(required=True, mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'reset': OptionFacts(mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'stop': OptionFacts(mark=Requirement(kind='command', readable=False, writable=False), kind='str'),
        'done': OptionFacts(mark='condition', kind='str'),
        'failed': OptionFacts(mark='condition', kind='str'),
        'exposure': OptionFacts(mark=Requirement(kind='signal', readable=True, writable=False), kind='str'),
        'grace': OptionFacts(kind='float', ge=0.0),
        'timeout': OptionFacts(kind='float', gt=0.0),
    }),
    'path.uuid': PluginFacts('path.uuid', 'service', (), {
        'root': OptionFacts(required=True, kind='str', pattern='^(/|[A-Za-z]:[/\\\\]|\\\\\\\\)[^\\n]*$'),
        'make_folders': OptionFacts(kind='bool'),
        'suffix': OptionFacts(kind='str', pattern='^[^/\\\\\\n]*$'),
    }),
    'ca': PluginFacts('ca', 'connector', (), {}),
    'pva': PluginFacts('pva', 'connector', (), {}),
}
