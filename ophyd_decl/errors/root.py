"""The root of all errors, and the errors about event loops."""


class OphydDeclError(Exception):
    """Root of every error that ophyd_decl raises on purpose."""


class LoopError(OphydDeclError):
    """The call was right but came from the wrong thread or event loop."""


class WouldBlockError(LoopError):
    """A synchronous verb was called on the event loop that it would have to wait for."""


class WrongLoopError(LoopError):
    """A beamline in use on one event loop was asked to do something on another."""
