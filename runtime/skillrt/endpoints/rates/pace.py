"""Requests and tokens a minute: what a provider allows, kept by spacing requests evenly.

A request is paid for when it starts, by an estimate of its tokens, and corrected when its answer says
how many there were. Spacing keeps any window of time within its share, whatever windows a provider counts by.
"""

from __future__ import annotations

import asyncio
import time

__all__ = ["Pace"]

_MINUTE_S = 60.0
_CHARS_A_TOKEN = 4.0
_ANSWER_TOKENS = 256.0
_SMOOTHING = 0.1


class Pace:
    """When the next request to one server may start.

    Args:
        rpm: requests a minute; None for no bound.
        tpm: tokens a minute, prompts and answers together; None for no bound.
    """

    def __init__(self, rpm: float | None, tpm: float | None) -> None:
        self._each_s = _MINUTE_S / rpm if rpm else 0.0
        self._token_s = _MINUTE_S / tpm if tpm else 0.0
        self._next_request = self._next_token = 0.0
        self._tokens_a_byte = 1.0 / _CHARS_A_TOKEN
        self._answer_tokens = _ANSWER_TOKENS
        self.bounds = bool(rpm or tpm)
        """Whether there is anything to wait for."""

    async def wait(self, size: int) -> float:
        """Wait for the turn of a request of ``size`` bytes; return the tokens that it was counted with."""
        estimate = size * self._tokens_a_byte + self._answer_tokens
        now = time.monotonic()
        start = max(now, self._next_request, self._next_token)
        self._next_request = start + self._each_s
        self._next_token = start + estimate * self._token_s
        if start > now:
            await asyncio.sleep(start - now)
        return estimate

    def settle(self, size: int, estimate: float, prompt_tokens: int, completion_tokens: int) -> None:
        """Correct the estimate by what an answer says; one that counts nothing changes nothing."""
        if not prompt_tokens:
            return
        self._next_token += (prompt_tokens + completion_tokens - estimate) * self._token_s
        self._tokens_a_byte += _SMOOTHING * (prompt_tokens / max(1, size) - self._tokens_a_byte)
        self._answer_tokens += _SMOOTHING * (completion_tokens - self._answer_tokens)
