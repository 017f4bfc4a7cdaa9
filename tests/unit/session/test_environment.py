"""The variables of EPICS and Tango: set before a client library is imported; those of the process win."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
BEGIN = """
import logging, os, sys
logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s", stream=sys.stdout)
from ophyd_decl.blueprint import BeamlineBlueprint
from ophyd_decl.session.beamline import Beamline

def load(mock=False, **environment):
    return Beamline(BeamlineBlueprint("i99", "i99.yaml", (), (), environment=environment, mock=mock))
"""


def run(code: str, **variables: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("EPICS_", "TANGO_"))}
    done = subprocess.run(
        [sys.executable, "-c", BEGIN + code],
        env={**inherited, "PYTHONPATH": str(ROOT), **variables},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_loading_sets_what_the_process_does_not_have() -> None:
    code = """
load(EPICS_CA_ADDR_LIST="127.0.0.1", TANGO_HOST="db:10000")
print(os.environ["EPICS_CA_ADDR_LIST"], os.environ["TANGO_HOST"])
print([name for name in ("epicscorelibs", "p4p", "tango", "aioca") if name in sys.modules])
"""
    assert run(code).splitlines() == ["127.0.0.1 db:10000", "[]"]


def test_the_variables_of_the_process_win_with_a_warning_that_names_both() -> None:
    code = 'load(EPICS_CA_ADDR_LIST="10.0.0.1")\nprint(os.environ["EPICS_CA_ADDR_LIST"])'
    said, value = run(code, EPICS_CA_ADDR_LIST="127.0.0.1").splitlines()
    assert said.startswith("ophyd_decl.session: i99 wants EPICS_CA_ADDR_LIST='10.0.0.1'")
    assert "'127.0.0.1', which holds" in said
    assert value == "127.0.0.1"


def test_equal_values_and_mock_mode_say_nothing() -> None:
    code = 'load(EPICS_CA_ADDR_LIST="127.0.0.1")\nload(mock=True, TANGO_HOST="db:1")\nprint("TANGO_HOST" in os.environ)'
    assert run(code, EPICS_CA_ADDR_LIST="127.0.0.1") == "False"


@pytest.mark.parametrize(
    ("package", "variable"), [("epicscorelibs", "EPICS_CA_MAX_ARRAY_BYTES"), ("p4p", "EPICS_PVA_ADDR_LIST")]
)
def test_a_variable_that_comes_too_late_is_named_with_the_library(package: str, variable: str) -> None:
    code = f'import {package}\nload({variable}="1000000")\nload({variable}="1000000")\nprint(os.environ["{variable}"])'
    said, value = run(code).splitlines()
    assert f"i99 wants {variable}='1000000', which may come too late: {package} was imported before" in said
    assert value == "1000000"


def test_the_client_library_uses_what_the_file_says() -> None:
    code = """
load(EPICS_CA_ADDR_LIST="127.0.0.1:5999", EPICS_CA_AUTO_ADDR_LIST="NO", EPICS_CA_MAX_ARRAY_BYTES="20000000")
import ctypes
from epicscorelibs.path import get_lib
library = ctypes.CDLL(get_lib("Com"))
library.envGetConfigParamPtr.restype = ctypes.c_char_p
parameter = ctypes.byref(ctypes.c_char.in_dll(library, "EPICS_CA_MAX_ARRAY_BYTES"))
print(library.envGetConfigParamPtr(parameter).decode())
"""
    assert run(code) == "20000000"
