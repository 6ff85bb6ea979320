"""Judging by the probabilities of tokens."""
