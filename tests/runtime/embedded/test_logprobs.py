"""The token-probability readout on a real server and a real model, small as it is."""

import pytest
from judge_support import program, view_of

from skillrt.embedded.process import EmbeddedServer
from skillrt.endpoints import EndpointConfig, open_endpoints
from skillrt.judging.probabilities.judge import judge_by_logprobs


async def test_the_embedded_judge_gives_a_probability_to_each_label(judge: EmbeddedServer) -> None:
    one = program("judgebench", "direct")
    config = EndpointConfig(base_urls=(judge.base_url,), model=judge.model, tool_mode="schema")
    async with open_endpoints(config) as transport:
        judgment = await judge_by_logprobs(one, view_of(one), transport=transport)
    assert judgment.verdict.error is None
    probabilities = judgment.trace["probabilities"]
    assert set(probabilities) == {"A", "B"}
    assert sum(probabilities.values()) == pytest.approx(1.0)
    assert min(probabilities.values()) > 0.0
    # The begun answer is gone on with: nearly all that could follow "Output (" are the two labels.
    assert min(judgment.trace["mass"]) > 0.5
    assert judgment.usage.requests == 2
