"""Helpers that work on documents and files beside the running beamline; nothing here talks to a control system."""
