"""Files, types by name, variables and expressions: a tree in which every value is known. Must not know devices."""
