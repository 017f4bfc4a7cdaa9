"""What needs more than one entry to be known: names, paths, formulas, plugins. Must not build shapes."""
