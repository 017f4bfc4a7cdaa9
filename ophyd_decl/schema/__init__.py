"""JSON Schema of the language, for editors and other programs, made from the tables of keys. Opens no devices."""
