"""Compiled skills as reward functions for reinforcement learning."""

from skillspec import __version__ as __version__
