"""The language: its keys, what each may be, and the blueprint parts that a sound entry gives. Must not open files."""
