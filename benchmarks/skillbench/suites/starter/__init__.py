"""The rows that ship with the package."""
