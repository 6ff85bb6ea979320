"""Servers that misbehave in nine ways, and many judgments against them."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from scripted_server import (
    CONTEXT_VLLM,
    Call,
    Cut,
    Hang,
    Html,
    Reply,
    Say,
    Script,
    Status,
    Turn,
    call,
    final,
    plan,
)

from skillrt.endpoints import Transport
from skillrt.judging.judge import judge
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program
from skillrt.programs.view import make_view
from skillrt.sandbox.records import Sandbox

__all__ = ["FAULTS", "judge_many", "summary", "with_faults", "working"]

HANG_S = 3.0
"""How long a hanging server says nothing; the request's deadline must be shorter."""


def _half(reply: Reply) -> Reply:
    """Cut a call's arguments in half."""
    if not isinstance(reply, Call):
        return reply
    text = json.dumps(dict(reply.arguments))
    return Call(reply.name, raw=text[: len(text) // 2], finish="length")


FAULTS: Mapping[str, Any] = {
    "500": lambda reply: Status(500),
    "429": lambda reply: Status(429, headers={"Retry-After": "0.05"}),
    "hang": lambda reply: Hang(HANG_S),
    "cut connection": lambda reply: Cut(),
    "html": lambda reply: Html(),
    "half arguments": _half,
    "length": lambda reply: Say("Let me go through both responses once more, beginning with", "length"),
    "context": lambda reply: CONTEXT_VLLM,
    "chat": lambda reply: Say("Both have their merits! [[A]] Output (a)"),
}


def with_faults(script: Script, seed: int, share: float = 0.05) -> Script:
    """Play ``script``, but meet each request with each fault with the probability ``share``."""
    chance = random.Random(seed)
    names = list(FAULTS)

    def play(turn: Turn) -> Reply:
        drawn = int(chance.random() / share)
        reply = script(turn)
        return FAULTS[names[drawn]](reply) if drawn < len(names) else reply

    return play


def working(resource: str) -> Script:
    """The judge behind the faults: load, view, run, and the verdict A."""
    return plan(
        call("use_skill"),
        call("view_resource", id=resource),
        call("python_sandbox", code="result = len(responses['A']) - len(responses['B'])"),
        final(lambda turn: "A"),
    )


async def judge_many(
    transport: Transport,
    program: Program,
    samples: Sequence[Mapping[str, Any]],
    sandbox: Sandbox | None,
    concurrency: int,
    deadline_s: float = 120.0,
) -> list[tuple[int, Judgment]]:
    """Judge all samples; give each judgment with its sample's number in the order in which they ended."""
    done: list[tuple[int, Judgment]] = []
    todo = iter(enumerate(samples))

    async def work() -> None:
        for number, sample in todo:
            view = make_view(program.task, program.link, sample)
            judgment = await judge(program, view, transport=transport, sandbox=sandbox, deadline_s=deadline_s)
            done.append((number, judgment))

    await asyncio.gather(*(work() for _ in range(concurrency)))
    return done


def summary(done: Sequence[tuple[int, Judgment]], transport: Transport) -> dict[str, Any]:
    """What a run came to: judgments, their errors, what happened, and each server's report."""
    events = [event for _, judgment in done for event in judgment.trace["events"]]
    replies = [event for event in events if event["type"] == "reply"]
    failures = Counter(text.partition(":")[0] for event in replies for text in event["failures"])
    invalid = [judgment.verdict for _, judgment in done if not judgment.verdict.valid]
    return {
        "judgments": len(done),
        "distinct": len({number for number, _ in done}),
        "valid": len(done) - len(invalid),
        "invalid": dict(Counter(f"{verdict.error_owner}: {verdict.error}"[:120] for verdict in invalid)),
        "requests answered": len(replies),
        "tries that failed": dict(failures),
        "conversations shortened": sum(event["type"] == "shortened" for event in events),
        "turns that were cut": sum(event["finish_reason"] == "length" for event in replies),
        "answers forced": sum(event["type"] == "request" and event["forced"] is not None for event in events),
        "servers": transport.report(),
    }
