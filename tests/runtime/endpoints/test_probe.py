"""What is found out about a server, and what ``skillbench endpoints check`` says of it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

import pytest
from scripted_server import Call, Html, Reply, Say, ScriptedServer, Status, Turn

from skillbench.commands.endpoints import add_arguments, run
from skillbench.errors import BenchError
from skillrt.endpoints import EndpointConfig, open_endpoints
from skillrt.endpoints.probe import probe_chat, probe_tools, tool_mode

DECISION = {"steps": ["read"], "better": "B"}
TOP = [{"token": "b", "logprob": -0.2}, {"token": "a", "logprob": -1.8}]
Rule = Callable[[Turn], Reply]


def completion(message: dict[str, object], **more: object) -> Status:
    usage = {"prompt_tokens": 700, "prompt_tokens_details": {"cached_tokens": 640}}
    return Status(200, json.dumps({"choices": [{"message": message, **more}], "usage": usage}))


def capable(turn: Turn) -> Reply:
    if turn.body.get("logprobs"):
        return completion({"content": "b"}, logprobs={"content": [{"token": "b", "top_logprobs": TOP}]})
    if turn.forced == "decide" or turn.body.get("tool_choice") == "required" or "submit" in turn.opening:
        return Call("decide", DECISION)
    if turn.messages[-1]["role"] == "tool":
        return Say("It is plover.")
    return completion({"content": "(b)", "reasoning_content": "five is more"})


def talks(turn: Turn) -> Reply:
    """Takes everything and does nothing of it, but for the schema."""
    return Call("decide", DECISION) if "response_format" in turn.body else Say("Hello!")


def like_vllm(turn: Turn) -> Reply:
    if "logit_bias" in turn.body:
        return Status(400, "logit_bias: Input should be a valid dictionary")
    return talks(turn)


def strange(turn: Turn) -> Reply:
    """Calls, but not as asked; refuses thinking and the turn of a tool."""
    if "chat_template_kwargs" in turn.body:
        return Status(400, "Extra inputs are not permitted: chat_template_kwargs")
    if turn.messages[-1]["role"] == "tool":
        return Status(400, "role tool is not supported")
    if turn.forced:
        return Call("look_up" if "response_format" not in turn.body else "decide", {})
    return (
        Call("invented", {})
        if turn.body.get("tool_choice") == "required"
        else Call("decide", raw='{"better": "C"')
    )


async def found(rule: Rule) -> dict[str, bool | None]:
    with ScriptedServer(rule) as server:
        config = EndpointConfig(base_urls=(server.base_url,), model="scripted", request_timeout_s=5)
        async with open_endpoints(config) as transport:
            chat, tools = await probe_chat(transport, 0), await probe_tools(transport, 0)
    return {one.what: one.able for one in (*chat, *tools)} | {"mode": tool_mode(tools)}  # type: ignore[dict-item]


async def test_a_server_that_can_all() -> None:
    able = await found(capable)
    assert able.pop("mode") == "native"
    assert set(able.values()) == {True}
    assert len(able) == 13


async def test_a_server_that_takes_all_and_does_little() -> None:
    able = await found(talks)
    assert able["mode"] == "schema"
    assert [what for what, can in able.items() if can is True] == [
        "has the model",
        "answers",
        "counts tokens",
        "takes chat_template_kwargs",
        "obeys a JSON schema",
        "takes banned tokens as text",
        "goes on after a tool's answer",
    ]


async def test_a_schema_alone_is_not_enough_for_the_schema_mode() -> None:
    able = await found(like_vllm)
    assert able["obeys a JSON schema"] is True
    assert able["takes banned tokens as text"] is False
    assert able["mode"] is None


async def test_a_server_that_does_as_it_likes() -> None:
    able = await found(strange)
    assert able["mode"] is None
    assert able["takes chat_template_kwargs"] is False
    assert not any(can for what, can in able.items() if "tool" in what or "obeys" in what)


async def test_no_server() -> None:
    config = EndpointConfig(base_urls=("http://127.0.0.1:9/v1",), model="m")
    async with open_endpoints(config) as transport:
        assert [(one.what, one.able) for one in await probe_chat(transport, 0)] == [("answers", False)]
        assert not any(one.able for one in await probe_tools(transport, 0))


def check(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    add_arguments(parser)
    return run(parser.parse_args(["check", *arguments]))


def test_the_table_and_the_exit_code(capsys: pytest.CaptureFixture[str]) -> None:
    with ScriptedServer(capable) as server:
        assert check("--base-url", server.base_url, "--model", "scripted", "--chat", "--tools") == 0
        shown = capsys.readouterr().out
        assert f"{server.base_url}  scripted" in shown
        assert "obeys a named tool_choice      yes  decide" in shown
        assert "use --tool-mode native" in shown
        assert check("--base-url", server.base_url, "--model", "scripted") == 0
        assert "tool_choice" not in capsys.readouterr().out
    with ScriptedServer(strange) as server:
        assert check("--base-url", server.base_url, "--model", "scripted", "--tools") == 1
        assert "no call can be forced: use --delivery direct" in capsys.readouterr().out
    with ScriptedServer(lambda turn: Html()) as server:
        assert check("--base-url", server.base_url, "--model", "scripted") == 1
        assert "no chat completion" in capsys.readouterr().out


def test_wrong_use() -> None:
    with pytest.raises(BenchError, match="--model"):
        check("--base-url", "http://127.0.0.1:9/v1")
    with pytest.raises(BenchError, match="--timeout"):
        check("--base-url", "http://127.0.0.1:9/v1", "--model", "m", "--timeout", "0")
