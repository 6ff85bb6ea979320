"""Readouts: what they compute, and what could never be."""
