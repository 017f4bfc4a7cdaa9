"""A beamline at run time: built from its blueprint, bound to an event loop, connected, reported, found and exposed.

This layer, `plans` and the `demo` command are the only ones that know a RunEngine.
"""
