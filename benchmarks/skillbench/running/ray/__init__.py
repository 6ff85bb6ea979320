"""Judging on a Ray cluster."""
