"""Benchmarks for judges: suites, runner, run store, statistics and the ``skillbench`` command."""

from skillspec import __version__ as __version__
