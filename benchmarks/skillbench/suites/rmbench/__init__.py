"""RM-Bench."""
