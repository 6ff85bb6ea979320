"""Keeping keys out of whatever a server says: some repeat them in errors, and a model can be told one."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterable
from urllib.parse import quote

from skillrt.endpoints.config import EndpointConfig

__all__ = ["HIDDEN", "Redactor", "secrets_of"]

HIDDEN = "[key]"
"""What stands where a key stood."""

_LONG = 8
_SHORT = 4
_SECRET_NAME = re.compile(r"auth|key|token|secret|cookie|password|credential", re.IGNORECASE)
_ESCAPES = (b"\\u00", b"\\/")


def secrets_of(config: EndpointConfig) -> tuple[str, ...]:
    """Return what must not be written anywhere: keys, and header values under a name of that sort."""
    values = [value for name, value in config.headers if _SECRET_NAME.search(name)]
    # "Bearer KEY": what follows the scheme is the secret.
    values += [value.partition(" ")[2] for value in values]
    return tuple(value for value in (config.api_key or "", *config.secrets, *values) if _is_secret(value))


def _is_secret(value: str) -> bool:
    """Tell a key from a word such as ``none`` or ``ollama`` that stands where a server wants no key."""
    mixed = any(char.isdigit() for char in value) and any(char.isalpha() for char in value)
    return len(value) >= _LONG or (len(value) >= _SHORT and mixed)


class Redactor:
    """Replaces secrets in bytes: as they are, in URLs, in base64, and spelled by escapes of JSON."""

    def __init__(self, secrets: Iterable[str]) -> None:
        raw = dict.fromkeys(secrets)
        forms = (
            form
            for secret in raw
            for form in (secret, quote(secret, safe=""), base64.b64encode(secret.encode()).decode())
        )
        # The longest first: a key may stand within another header.
        self._forms = sorted({form.encode() for form in forms}, key=len, reverse=True)
        self._spelled = [re.compile(_escaped(secret), re.IGNORECASE) for secret in raw]

    def clean(self, text: bytearray) -> bytearray:
        """Return ``text`` with each secret as ``HIDDEN``."""
        for form in self._forms:
            if form in text:
                text = text.replace(form, HIDDEN.encode())
        if self._spelled and any(escape in text for escape in _ESCAPES):
            for pattern in self._spelled:
                text = bytearray(pattern.sub(HIDDEN.encode(), text))
        return text


def _escaped(secret: str) -> bytes:
    r"""Return a pattern of a secret whose characters may stand as ``\u0041``, in a text within a text too."""
    return b"".join(rb"(?:\\*%s|\\+u%04x)" % (re.escape(char).encode(), ord(char)) for char in secret)
