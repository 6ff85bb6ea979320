"""Final answers held against a reference."""
