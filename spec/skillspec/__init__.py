"""The contract between the skill compiler and the runtime."""

from typing import Final

__all__ = ["ARTIFACT_FORMAT", "LANGUAGE_VERSION", "__version__"]

__version__ = "0.1.0"

LANGUAGE_VERSION: Final = 1
"""The number after ``language`` at the head of a source file."""

ARTIFACT_FORMAT: Final = 1
"""Version of the artifact files; a reader refuses a newer one."""
