"""The beamline of `ophyd-decl demo --tango`: `from beamlines.demo_tango import stage, pdet, mono, sample`."""

from ophyd_decl import expose

expose(__name__)
