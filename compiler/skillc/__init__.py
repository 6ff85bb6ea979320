"""The skill compiler: source text to artifacts, and the ``skillc`` command."""

from skillspec import __version__ as __version__
