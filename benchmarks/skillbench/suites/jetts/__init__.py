"""JETTS."""
