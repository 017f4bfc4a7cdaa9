"""The beamline of `ophyd-decl demo`: `from beamlines.demo import stage, pdet, mono, sample`."""

from ophyd_decl import expose

expose(__name__)
