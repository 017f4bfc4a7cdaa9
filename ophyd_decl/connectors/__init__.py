"""Connectors: the only code that speaks to a control system, one package for each protocol.

They know `vocab` and `errors`, never devices, names of the beamline or bluesky. What crosses their border is data and
errors of `ophyd_decl.errors`; exceptions of client libraries do not.
"""
