"""Lets a program load the libraries of EPICS without setuptools, which takes longer to import than all of them.

The packages of EPICS find their shared libraries by `setuptools_dso.runtime`, which needs nothing; but to import it
imports its package first, and that is made for those who build libraries. Call `without_setuptools` before the first
of those packages is imported, in a program that only serves.
"""

import sys
from importlib import import_module, util


def without_setuptools() -> None:
    """Put the package `setuptools_dso` in place with what finds libraries, and nothing that builds them.

    :raises ModuleNotFoundError: if it is not installed.
    """
    specification = util.find_spec("setuptools_dso")
    if specification is None:
        raise ModuleNotFoundError("setuptools_dso is not installed, and so nothing of EPICS is", name="setuptools_dso")
    package = util.module_from_spec(specification)
    sys.modules[package.__name__] = package
    runtime = import_module("setuptools_dso.runtime")
    for name in ("dylink_prepare_dso", "find_dso"):
        setattr(package, name, getattr(runtime, name))
