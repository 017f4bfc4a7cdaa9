"""Compose a YAML file with the C parser of ruamel.yaml, and nothing else: `compose.py FILE`."""

import sys
from pathlib import Path

from ruamel.yaml import YAML

nodes = YAML(typ="safe", pure=False).compose(Path(sys.argv[1]).read_text())
if nodes is None:
    sys.exit("the file is empty")
