"""Rollouts of one prompt, together."""
