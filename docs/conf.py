"""Configuration of Sphinx. The documentation builds without a network and without warnings."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parents[1] / "pyproject.toml").read_text(encoding="utf-8"))["project"]

project = "ophyd_decl"
author = "the ophyd_decl developers"
copyright = f"2026, {author}"
version = release = _project["version"]

extensions = ["myst_parser"]
exclude_patterns = ["README.md", "**/README.md"]
source_suffix = {".md": "markdown"}
nitpicky = True

myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
# Pages link to headings as they do on a Git server.
myst_heading_anchors = 3

html_theme = "pydata_sphinx_theme"
html_title = f"ophyd_decl {version}"
html_show_sourcelink = False
html_theme_options = {"show_toc_level": 2, "navigation_with_keys": False, "show_version_warning_banner": False}
