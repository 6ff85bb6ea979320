"""Our client against llama.cpp itself: what it refuses, and what it is too small for."""

from __future__ import annotations

import pytest

from skillrt.chat import ChatRequest
from skillrt.embedded.process import EmbeddedServer
from skillrt.endpoints import EndpointConfig, EndpointFailure, open_endpoints


async def test_a_prompt_that_is_too_long_is_told_from_every_other_refusal(judge: EmbeddedServer) -> None:
    config = EndpointConfig(base_urls=(judge.base_url,), model=judge.model, max_tokens=4)
    long = ChatRequest(({"role": "user", "content": "word " * 20_000},), ())
    odd = ChatRequest(({"role": "user", "content": 7},), ())
    async with open_endpoints(config) as transport:
        kinds = []
        for request in (long, odd):
            with pytest.raises(EndpointFailure) as caught:
                await transport.conversation().send(request)
            kinds.append(caught.value.kind)
    assert kinds == ["context", "refused"]
