"""Products that serve models, by the quirks that their manuals and users tell of, in words like theirs."""

from __future__ import annotations

import json
from typing import Any

from quirks import (
    NAMED,
    Product,
    Refuse,
    counts,
    encodes_twice,
    ends,
    first_form,
    gives_objects,
    gives_texts,
    in_parts,
    in_tags,
    leaves_calls,
    names,
    no_ids,
    said,
    thinks,
    thinks_aloud,
)
from scripted_server import Status


def _first(status: int, body: Any, **headers: str) -> Status:
    return Status(status, json.dumps(body), headers)


def _ended(reason: str, **more: Any) -> Status:
    message = {"role": "assistant", "content": "A"}
    return _first(200, {"choices": [{"index": 0, "finish_reason": reason, "message": message, **more}]})


_BUSY = said("The engine is overloaded, please try again later.", type="server_error")
_EXTRA = {"type": "extra_forbidden", "msg": "Extra inputs are not permitted", "input": 0}


def products() -> dict[str, Product]:
    """Every product, new: each remembers what it has played."""
    return {
        "vllm": Product(
            changes=(
                thinks("reasoning"),
                ends(tool_calls="stop"),
                counts({"prompt_tokens": 90, "completion_tokens": 7, "prompt_tokens_details": None}),
            ),
            first=(_ended("abort"),),
        ),
        "vllm, another parser": Product(
            refuses=(
                Refuse(
                    "chat_template_kwargs",
                    said(
                        "[{'type': 'extra_forbidden', 'loc': ('body', 'chat_template_kwargs'), "
                        "'msg': 'Extra inputs are not permitted', 'input': {}}]",
                        code=400,
                    ),
                ),
            ),
            changes=(in_tags,),
        ),
        "sglang": Product(
            refuses=(
                Refuse(
                    "tools.*.function.strict",
                    {
                        "object": "error",
                        "code": 400,
                        "param": None,
                        "message": "tools.0.function.strict: unknown field, not supported here",
                    },
                ),
            ),
            changes=(
                leaves_calls("[{2}]", name="parameters"),
                thinks("reasoning_content"),
                counts({"prompt_tokens": 9, "completion_tokens": -1, "prompt_tokens_details": None}),
            ),
        ),
        "llama.cpp": Product(
            refuses=(
                Refuse(
                    "tool_choice",
                    {
                        "error": {
                            "code": 400,
                            "type": "invalid_request_error",
                            "message": "Invalid tool_choice: must be one of auto, none, required",
                        }
                    },
                    values=(NAMED,),
                ),
            ),
            first=(_first(503, said("Loading model", code=503), **{"Retry-After": "0"}),),
            changes=(names("{}"), counts(None)),
        ),
        "ollama": Product(
            refuses=(
                Refuse(
                    "tool_choice",
                    said(
                        "json: cannot unmarshal object into Go struct field "
                        ".tool_choice of type string, only auto is supported"
                    ),
                    values=(NAMED, "required"),
                ),
            ),
            changes=(gives_objects, no_ids, ends(tool_calls="stop"), thinks("reasoning")),
        ),
        "openai": Product(
            refuses=(
                Refuse(
                    "chat_template_kwargs",
                    said(
                        "Unrecognized request argument supplied: chat_template_kwargs",
                        type="invalid_request_error",
                        param=None,
                        code=None,
                    ),
                ),
                Refuse(
                    "max_tokens",
                    said(
                        "Unsupported parameter: 'max_tokens' is not supported with this "
                        "model. Use 'max_completion_tokens' instead.",
                        param="max_tokens",
                        code="unsupported_parameter",
                    ),
                ),
                Refuse(
                    "temperature",
                    said(
                        "Unsupported value: 'temperature' does not support 0 with this "
                        "model. Only the default (1) value is supported.",
                        param="temperature",
                        code="unsupported_value",
                    ),
                    but=(1,),
                ),
            ),
            first=(_first(429, said("Rate limit reached", type="tokens"), **{"Retry-After": "0.01"}),),
        ),
        "azure": Product(
            refuses=(
                Refuse(
                    "chat_template_kwargs",
                    said("Unrecognized request argument supplied: chat_template_kwargs", code=None),
                ),
                Refuse("seed", said("Unrecognized request argument supplied: seed", code=None)),
            ),
            header=("api-key", "an-azure-key-1"),
            root="/openai/deployments/scripted",
            target="/openai/deployments/scripted/chat/completions?api-version=2024-10-21",
        ),
        "openrouter": Product(
            refuses=(
                Refuse(
                    "tool_choice",
                    said("No endpoints found that support the provided 'tool_choice' value.", code=404),
                    404,
                    values=(NAMED,),
                ),
            ),
            first=(
                _first(200, said("Provider returned error", code=502, metadata={"raw": "x"})),
                _ended("error", error={"code": 429, "message": "slow down"}),
            ),
            before=b"\n         \n\n",
            changes=(thinks("reasoning"),),
        ),
        "deepseek": Product(
            refuses=(
                Refuse(
                    "tool_choice",
                    said(
                        "deepseek-reasoner does not support this tool_choice",
                        type="invalid_request_error",
                        code="invalid_request_error",
                    ),
                    values=(NAMED, "required"),
                ),
            ),
            before=b"\n\n\n",
            first=(_ended("insufficient_system_resource"),),
            changes=(
                thinks("reasoning_content"),
                counts({"prompt_tokens": 90, "completion_tokens": 9, "prompt_cache_hit_tokens": 64}),
            ),
        ),
        "litellm": Product(
            refuses=(
                Refuse(
                    "seed",
                    said(
                        "litellm.UnsupportedParamsError: this provider does not support "
                        "parameters: ['seed', 'temperature'], for model=scripted. To drop these, set "
                        "drop_params=True",
                        type="None",
                        param=None,
                        code="400",
                    ),
                ),
                Refuse("temperature", said("both were named", code="400")),
                Refuse(
                    "chat_template_kwargs",
                    said(
                        "litellm.BadRequestError: UpstreamException - "
                        '{"error": {"message": "chat_template_kwargs: Extra inputs are not permitted"}}',
                        code="400",
                    ),
                    500,
                ),
            ),
            changes=(first_form,),
        ),
        "tgi": Product(
            refuses=(
                Refuse(
                    "temperature",
                    {
                        "error": "Input validation error: `temperature` must be strictly positive",
                        "error_type": "validation",
                    },
                    422,
                    values=(0, 0.0),
                ),
            ),
            changes=(ends(stop="eos_token", tool_calls="eos_token"), gives_objects),
        ),
        "mistral": Product(
            refuses=(
                Refuse(
                    "chat_template_kwargs",
                    {
                        "object": "error",
                        "message": {
                            "detail": [
                                {**_EXTRA, "loc": ["body", "chat_template_kwargs"]},
                                {**_EXTRA, "loc": ["body", "seed"]},
                            ]
                        },
                    },
                    422,
                ),
                Refuse("seed", "both were named", 422),
            ),
            changes=(in_parts, ends(length="model_length")),
        ),
        "gemini": Product(
            refuses=(
                Refuse(
                    "seed",
                    [
                        {
                            "error": {
                                "code": 400,
                                "status": "INVALID_ARGUMENT",
                                "message": "Invalid JSON payload received. "
                                'Unknown name "seed": Cannot find field.\n'
                                'Unknown name "chat_template_kwargs": Cannot find field.\n'
                                "Unknown name \"strict\" at 'tools[0].function': Cannot find field.",
                            }
                        }
                    ],
                ),
                Refuse("chat_template_kwargs", "all three were named"),
                Refuse("tools.*.function.strict", "all three were named"),
            ),
            first=(_ended("MALFORMED_FUNCTION_CALL"),),
            changes=(names("default_api.{}"), counts(None)),
        ),
        "anthropic": Product(
            refuses=(
                Refuse(
                    "temperature",
                    {
                        "type": "error",
                        "error": {
                            "type": "invalid_request_error",
                            "message": "temperature: this parameter is deprecated for this model",
                        },
                    },
                ),
            ),
            first=(_first(529, said("Overloaded", type="overloaded_error")),),
            changes=(ends(stop="end_turn", tool_calls="tool_use", length="max_tokens"),),
        ),
        "lm studio": Product(
            refuses=(
                Refuse(
                    "tool_choice",
                    {
                        "error": "Invalid tool_choice type: 'object'. Supported string "
                        "values: none, auto, required"
                    },
                    values=(NAMED,),
                ),
            ),
            changes=(leaves_calls("[TOOL_REQUEST]{2}[END_TOOL_REQUEST]"),),
        ),
        "gpt-oss": Product(
            changes=(names("functions.{}<|channel|>commentary"), encodes_twice, thinks("reasoning")),
        ),
        "gpt-oss, no parser": Product(
            changes=(
                leaves_calls(
                    "<|channel|>analysis<|message|>A or B?<|end|><|start|>assistant<|channel|>"
                    "commentary to=functions.{0} <|constrain|>json<|message|>{1}<|call|>"
                ),
            ),
        ),
        "hermes, no parser": Product(
            changes=(leaves_calls("<tool_call>\n{2}\n</tool_call>"), thinks_aloud("<think>", "</think>\n\n"))
        ),
        "magistral, no parser": Product(
            changes=(leaves_calls("[TOOL_CALLS]{0}[ARGS]{1}"), thinks_aloud("[THINK]", "[/THINK]"))
        ),
        "glm": Product(changes=(gives_texts, ends(tool_calls="tool_calls"), thinks("reasoning_content"))),
        "fastchat": Product(
            first=(_first(200, {"object": "error", "code": 50302, "message": "all workers are busy"}),),
            changes=(counts({"prompt_tokens": 10**3999, "completion_tokens": True}),),
        ),
        "of a length of its own": Product(
            refuses=(
                Refuse("max_tokens", {"detail": [{**_EXTRA, "loc": ["body", "max_tokens"]}]}, 422),
                Refuse("max_completion_tokens", {"detail": "unknown field max_completion_tokens"}),
            ),
        ),
        "dashscope": Product(
            refuses=(Refuse("response_format", said("response_format and tools cannot be used together")),),
            first=(_first(503, _BUSY), _first(500, _BUSY)),
        ),
    }
