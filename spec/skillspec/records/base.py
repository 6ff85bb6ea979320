"""What all records share: the base class, and the forms of names, digests and references."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

__all__ = ["Digest", "Ident", "Name", "Natural", "Record", "Setting", "TextRef"]

Name = Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]*$", max_length=80)]
Ident = Annotated[str, msgspec.Meta(pattern=r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$", max_length=200)]
TextRef = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{20}$")]
"""The first 20 hex digits of the SHA-256 of a text's UTF-8 bytes; the text is ``texts/<ref>.txt``."""
Digest = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
Natural = Annotated[int, msgspec.Meta(ge=0)]

Setting = Literal["fair", "operational"]


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all records: immutable, by keyword, unknown fields refused."""
