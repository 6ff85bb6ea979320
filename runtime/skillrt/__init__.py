"""The runtime: runs compiled skills against a chat-completions server.

Stable: the names below, and ``skillrt.testing``. All else may change with any version.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from skillspec import __version__

if TYPE_CHECKING:
    from skillrt.chat import Usage
    from skillrt.endpoints.config import EndpointConfig, EndpointDown
    from skillrt.front_door import BothOrders, Judge
    from skillrt.judging.verdict import Judgment, Verdict

__all__ = [
    "BothOrders",
    "EndpointConfig",
    "EndpointDown",
    "Judge",
    "Judgment",
    "Usage",
    "Verdict",
    "__version__",
]

_PLACES: Final = {
    "BothOrders": "skillrt.front_door",
    "EndpointConfig": "skillrt.endpoints.config",
    "EndpointDown": "skillrt.endpoints.config",
    "Judge": "skillrt.front_door",
    "Judgment": "skillrt.judging.verdict",
    "Usage": "skillrt.chat",
    "Verdict": "skillrt.judging.verdict",
}


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: a sandbox worker that imports the package stays small."""
    if name in _PLACES:
        return getattr(import_module(_PLACES[name]), name)
    raise AttributeError(f"module 'skillrt' has no attribute {name!r}")
