"""Checked files to a blueprint; no I/O but reading YAML, and nothing of a control system."""

from .beamline import compile_beamline, compile_paths
from .result import Compiled
from .signal import compile_signal

__all__ = ["Compiled", "compile_beamline", "compile_paths", "compile_signal"]
