"""What flyscans need beside devices: where files are written. Nothing here knows YAML or a session."""
