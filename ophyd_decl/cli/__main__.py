"""`python -m ophyd_decl.cli`: the command line where the script `ophyd-decl` is not on the PATH."""

from . import main

main(prog_name="ophyd-decl")
