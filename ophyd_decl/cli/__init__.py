"""The command line, `ophyd-decl`: one file for each command, loaded when it is called.

No command does work of its own: it calls `compile`, `session`, `sim` or `tools`, shows what they answer and turns it
into an exit code (`outcome`). What is heavy is imported inside the commands, so that `validate` stays quick.
"""

from .group import main

__all__ = ["main"]
