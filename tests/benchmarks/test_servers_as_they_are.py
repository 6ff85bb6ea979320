"""Whole runs against servers that answer in forms of their own, or ask for requests of their own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from scripted_server import Reply, Say, ScriptedServer, Status, Turn, final, serving

from skillbench.cli import main

ANSWER = '{"findings": [], "reason": "ok", "verdict": "B"}'
CALL = f'{{"name": "final_answer", "arguments": {ANSWER}}}'
KEY, OTHER_KEY = "sk-test-0123456789abcdef", "an-other-key-9876"


@pytest.fixture
def serve() -> Iterator[Callable[..., ScriptedServer]]:
    yield from serving(lambda turn: Say("A"))


def completion(message: dict[str, Any], finish: str = "stop") -> Status:
    choice = {"index": 0, "finish_reason": finish, "message": {"role": "assistant", **message}}
    return Status(200, json.dumps({"choices": [choice]}))


def called(name: str, arguments: str) -> Status:
    function = {"name": name, "arguments": arguments}
    return completion({"content": "", "tool_calls": [{"id": "c", "type": "function", "function": function}]})


def run(server: ScriptedServer, out: Path, *more: str) -> list[dict[str, Any]]:
    """The rows of a run of one sample, which is two judgments."""
    command = ["run", "starter", "--limit", "1", "--base-url", server.base_url, "--model", "scripted"]
    main([*command, "--out", str(out), "--quiet", "--timeout", "10", *more])
    return [json.loads(line) for line in (out / "predictions.jsonl").read_text("utf-8").splitlines()]


SKILL = ("--skill", "reward_judge_fair")


def error(message: str, **more: Any) -> str:
    return json.dumps({"error": {"message": message, **more}})


BOTH = {
    "arguments encoded twice": (called("final_answer", json.dumps(ANSWER)), 1),
    "bare arguments": (completion({"content": ANSWER, "tool_calls": []}), 2),
    "tags": (completion({"content": f"<tool_call>{CALL}</tool_call>"}), 1),
    "a list with parameters": (
        completion({"content": f'[{{"name": "final_answer", "parameters": {ANSWER}}}]'}),
        1,
    ),
    "the first form": (completion({"function_call": {"name": "final_answer", "arguments": ANSWER}}), 1),
    "a namespace": (called("functions.final_answer", ANSWER), 1),
    "a channel": (called("final_answer<|channel|>commentary", ANSWER), 1),
}


@pytest.mark.parametrize("form", BOTH)
def test_an_answer_in_a_form_of_its_own_is_an_answer(
    form: str, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    reply, requests = BOTH[form]
    server = serve(lambda turn: reply)
    rows = run(server, tmp_path / "run", *SKILL)
    assert [(row["valid"], row["said"]) for row in rows] == [(True, "B")] * 2
    assert len(server.requests) == requests * 2


ENDED = {
    "a filter, behind words": ("Response A", "content_filter", "endpoint", "content_filter"),
    "a filter, silent": (None, "content_filter", "endpoint", "content_filter"),
    "the limit, by another name": ("Response A", "max_tokens", "judge", "token limit"),
    "a reason that nobody knows": ("Response A", "gremlins", "endpoint", "gremlins"),
}


@pytest.mark.parametrize("name", ENDED)
def test_a_turn_that_the_model_did_not_end_holds_no_verdict(
    name: str, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    content, reason, owner, words = ENDED[name]
    rows = run(serve(lambda turn: completion({"content": content}, reason)), tmp_path / "run")
    assert [(row["valid"], row["said"], row["error_owner"]) for row in rows] == [(False, None, owner)] * 2
    assert all(words in row["error"] for row in rows)


REFUSED = {
    "an id that is too long": (
        400,
        error(
            "Invalid 'messages[3].tool_calls[0].id': string too long. Expected a string with maximum "
            "length 40, but got a string with length 51 instead.",
            type="invalid_request_error",
            code="string_above_max_length",
        ),
        "string too long",
    ),
    "an error inside a 200": (
        200,
        error("No endpoints found that support tool use", code=404),
        "No endpoints found that support tool use",
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_is_told_in_the_servers_words_after_one_request(
    name: str, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    status, text, words = REFUSED[name]
    server = serve(lambda turn: Status(status, text))
    rows = run(server, tmp_path / "run", *SKILL)
    assert [(row["valid"], row["error_owner"]) for row in rows] == [(False, "endpoint")] * 2
    assert all(words in row["error"] for row in rows)
    assert len(server.requests) == 2


@pytest.mark.parametrize(("code", "kind"), [(429, "busy"), (502, "down"), ("rate_limit_exceeded", "busy")])
def test_the_code_of_an_error_inside_a_200_decides_as_a_status_does(
    code: int | str, kind: str, serve: Callable[..., ScriptedServer], tmp_path: Path
) -> None:
    fault = Status(200, error("later, please", code=code))
    server = serve(lambda turn: fault if turn.number == 0 else final(lambda turn: "B")(turn))
    rows = run(server, tmp_path / "run", *SKILL)
    assert [(row["valid"], row["said"]) for row in rows] == [(True, "B")] * 2
    told = json.loads((tmp_path / "run" / "run.json").read_bytes())["sessions"][0]["servers"][0]
    assert (told[kind], told["answered"]) == (1, 2)


NO_MAX_TOKENS = (
    "Unsupported parameter: 'max_tokens' is not supported with this model. "
    "Use 'max_completion_tokens' instead."
)
NO_ZERO = (
    "Unsupported value: 'temperature' does not support 0 with this model. "
    "Only the default (1) value is supported."
)


def picky(turn: Turn) -> Reply:
    """Takes what newer models of a well-known provider take."""
    if "max_tokens" in turn.body:
        return Status(400, error(NO_MAX_TOKENS, param="max_tokens", code="unsupported_parameter"))
    if turn.body.get("temperature") == 0:
        return Status(400, error(NO_ZERO, param="temperature", code="unsupported_value"))
    return final(lambda turn: "B")(turn)


def test_what_was_left_out_stands_in_the_run_and_in_the_check(
    serve: Callable[..., ScriptedServer], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    server = serve(picky)
    assert all(row["valid"] for row in run(server, tmp_path / "run", *SKILL))
    assert len(server.requests) == 4
    assert {"max_completion_tokens", "seed"} <= set(server.bodies()[-1])
    told = json.loads((tmp_path / "run" / "run.json").read_bytes())["sessions"][0]["servers"][0]
    assert told["changed"]["max_tokens"].startswith(
        "max_completion_tokens (the server: Unsupported parameter"
    )
    assert told["changed"]["temperature"].startswith("left out (the server: Unsupported value")
    capsys.readouterr()
    main(["endpoints", "check", "--base-url", server.base_url, "--model", "scripted", "--chat", "--tools"])
    shown = capsys.readouterr().out
    assert "takes temperature" in shown
    assert "takes max_tokens" in shown
    assert "max_completion_tokens (the server: " in shown


# --------------------------------------------------------------------------- what a person says to send


def test_headers_fields_and_no_seed_are_sent_and_recorded_without_values(
    serve: Callable[..., ScriptedServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MY_KEY", KEY)
    monkeypatch.setenv("MY_TENANT", OTHER_KEY)
    server = serve(lambda turn: Say("Response B"))
    run(
        server,
        tmp_path / "run",
        *(
            "--header",
            "api-key=env:MY_KEY",
            "--header",
            "X-Tenant=team-${MY_TENANT}",
            "--header",
            "X-Title=a=b",
        ),
        *("--extra-body", '{"top_p": 0.9, "chat_template_kwargs": null}', "--no-seed"),
        *("--rpm", "6000", "--tpm", "9e6", "--max-wait", "60"),
    )
    headers = {name.lower(): value for name, value in server.requests[0].headers.items()}
    assert (headers["api-key"], headers["x-tenant"], headers["x-title"]) == (KEY, f"team-{OTHER_KEY}", "a=b")
    body = server.bodies()[0]
    assert body["top_p"] == 0.9
    assert not {"seed", "chat_template_kwargs"} & set(body)
    told = json.loads((tmp_path / "run" / "run.json").read_bytes())
    assert told["config"]["headers"] == ["api-key", "X-Tenant", "X-Title"]
    assert (told["config"]["rpm"], told["config"]["tpm"], told["config"]["max_wait_s"]) == (6000, 9e6, 60)
    assert (told["identity"]["extra_body"], told["identity"]["seed"]) == (
        {"top_p": 0.9, "chat_template_kwargs": None},
        None,
    )
    everything = b"".join(path.read_bytes() for path in (tmp_path / "run").rglob("*") if path.is_file())
    assert KEY.encode() not in everything
    assert OTHER_KEY.encode() not in everything


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--header", "api-key"), "NAME=VALUE"),
        (("--header", "a b=c"), "NAME=VALUE"),
        (("--header", "api-key=env:NOT_SET_AT_ALL"), "NOT_SET_AT_ALL is not set"),
        (("--header", "api-key=$NOT_SET_AT_ALL"), "NOT_SET_AT_ALL is not set"),
        (("--header", "X-Title=a\nb"), "--header X-Title"),
        (("--header", "Host=other"), "--header Host"),
        (("--extra-body", "{"), "no JSON"),
        (("--extra-body", "[" * 100_000), "no JSON"),
        (("--extra-body", "[1]"), "JSON object"),
        (("--extra-body", '{"messages": []}'), "must not set messages"),
        (("--extra-body", '{"api_key": "x"}'), "use --header"),
        (("--extra-body", '{"x": NaN}'), "no JSON"),
        (("--rpm", "0"), "above 0"),
        (("--tpm", "nan"), "above 0"),
        (("--max-wait", "-1"), "above 0"),
        (("--base-url", "http://127.0.0.1:9/v1?api-key=x"), "parameter api-key"),
        (("--base-url", "http://127.0.0.1:9/v1?sig=x"), "parameter sig"),
    ],
)
def test_wrong_use_is_one_sentence(
    given: tuple[str, str], words: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    command = [
        "run",
        "starter",
        "--base-url",
        "http://127.0.0.1:9/v1",
        "--model",
        "m",
        "--out",
        str(tmp_path / "run"),
    ]
    try:
        code = main([*command, *given])
    except SystemExit as end:
        code = end.code
    said = capsys.readouterr().err
    assert code == 2
    assert words in said
    assert "Traceback" not in said


# ------------------------------------------------------------------------------------------------ keys


def repeats(turn: Turn) -> Reply:
    """Tells its key wherever a server can say something."""
    spelled = "".join(f"\\u{ord(char):04x}" for char in KEY)
    match turn.number % 5:
        case 0:
            return Status(401, error(f"the key {KEY} of {OTHER_KEY} is wrong", code=KEY))
        case 1:
            return Status(500, f"<html>Bearer {KEY}")
        case 2:
            answer = json.dumps({"findings": [], "reason": f"as {KEY} says", "verdict": "B"})
            return called("final_answer", answer)
        case 3:
            message = {"content": "Response A SPELLED", "reasoning": KEY, "refusal": None}
            told = {"choices": [{"finish_reason": "stop", "message": message}], "usage": {KEY: 1}}
            return Status(200, json.dumps(told).replace("SPELLED", spelled))
    return Status(200, error(f"no: {KEY}", code=400))


@pytest.mark.parametrize("more", [SKILL, ()])
def test_no_file_of_a_run_holds_a_key_that_the_server_repeats(
    more: tuple[str, ...],
    serve: Callable[..., ScriptedServer],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    monkeypatch.setenv("MY_KEY", OTHER_KEY)
    server = serve(repeats, model="scripted")
    command = [
        "run",
        "starter",
        "--base-url",
        server.base_url,
        "--model",
        "scripted",
        "--out",
        str(tmp_path / "run"),
    ]
    main([*command, "--quiet", "--limit", "8", "--header", "X-Other=env:MY_KEY", *more])
    files = [path for path in (tmp_path / "run").rglob("*") if path.is_file()]
    assert len(files) > 3
    assert b"[key]" in (tmp_path / "run" / "traces.jsonl").read_bytes()
    for path in files:
        for key in (KEY, OTHER_KEY):
            assert key.encode() not in path.read_bytes(), path.name


# ---------------------------------------------------------------------------------------------- rates


def test_a_pause_that_nobody_waits_for_is_told(serve: Callable[..., ScriptedServer], tmp_path: Path) -> None:
    server = serve(lambda turn: Status(429, error("slow down"), {"Retry-After": "3600"}))
    rows = run(server, tmp_path / "run")
    assert {row["error_owner"] for row in rows} == {"endpoint"}
    assert all("asks to be left alone for 3600 s" in row["error"] for row in rows)
    assert all("--max-wait" in row["error"] for row in rows)
    assert len(server.requests) <= 2
    told = json.loads((tmp_path / "run" / "run.json").read_bytes())["sessions"][0]["servers"][0]
    assert told["set_aside"] == 1
