"""``skillc show``: what a judge would be sent, byte by byte, with its sizes.

The runtime composes it; here it is only printed. This, ``skillc test`` and the evals of Agent Skills
packages are the only places in which the compiler imports the runtime.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from skillc.diagnostics import listed
from skillc.usage import DEFAULT_OUT, UsageError
from skillspec.artifacts import ArtifactError, ArtifactStore
from skillspec.fields import shape_of
from skillspec.files import read_json
from skillspec.records import Field, Task
from skillspec.words import DIRECT

__all__ = ["show"]


def show(options: argparse.Namespace) -> int:
    """Print the opening request of a judgment; the exit status is 0.

    Raises:
        UsageError: there is no such skill, task or link, or the sample or tokenizer cannot be used.
    """
    try:
        store = _store(options.artifacts)
        name = _link_name(options, store)
        return _show(options, store, name)
    except ArtifactError as error:
        raise UsageError(str(error)) from error


def _store(folder: Path | None) -> ArtifactStore:
    local = Path(DEFAULT_OUT)
    if folder is None and (local / "index.json").is_file():
        folder = local
    return ArtifactStore(folder)


def _link_name(options: argparse.Namespace, store: ArtifactStore) -> str:
    from skillrt.programs.choice import ChoiceError, choose_link

    skill, task = options.skill, options.task
    if options.delivery == DIRECT and task is None and skill in store.index.tasks:
        skill, task = None, skill
    if skill is None and options.delivery != DIRECT:
        raise UsageError(f"name a skill: {listed(store.index.skills, 'or')}")
    try:
        return choose_link(store, skill, task, options.setting, options.delivery)
    except ChoiceError as error:
        raise UsageError(str(error)) from error


def _show(options: argparse.Namespace, store: ArtifactStore, name: str) -> int:
    from skillrt.endpoints.body import encode_body, request_body
    from skillrt.endpoints.config import EndpointConfig
    from skillrt.programs.explain import explanation
    from skillrt.programs.program import load_program
    from skillrt.programs.view import SampleError, make_view

    program = load_program(store, name)
    sample = _placeholders(program.task) if options.sample is None else _sample(options.sample, program.task)
    try:
        view = make_view(program.task, program.link, sample)
        request = program.first_request(view)
    except SampleError as error:
        raise UsageError(f"{options.sample}: {error}") from error
    config = EndpointConfig(
        base_urls=("http://127.0.0.1:8000/v1",),
        model=options.model,
        temperature=options.temperature,
        max_tokens=options.max_tokens,
        seed=options.seed,
        tool_mode=options.tool_mode,
    )
    if options.format == "request":
        sys.stdout.flush()
        sys.stdout.buffer.write(encode_body(request_body(request, config)))
        return 0
    print(explanation(program, sample, _counter(options.tokenizer)))
    return 0


# ------------------------------------------------------------------------------------------- samples


def _sample(path: Path, task: Task) -> dict[str, Any]:
    try:
        sample = read_json(path)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise UsageError(f"{path} is not JSON: {error}") from error
    if not isinstance(sample, dict):
        raise UsageError(f"{path} does not hold a JSON object with the fields of task {task.id}")
    declared = {field.name for field in task.fields}
    oracle = [name for name in sample if name not in declared]
    if oracle:
        print(
            f"oracle, so not looked at: {', '.join(oracle)} (task {task.id} does not declare them)",
            file=sys.stderr,
        )
    return sample


def _placeholders(task: Task) -> dict[str, Any]:
    print("no --sample given: fields show as placeholders", file=sys.stderr)
    return {field.name: _placeholder(field) for field in task.fields}


def _placeholder(field: Field) -> Any:
    mark = f"<{field.name}>"
    match shape_of(field.name):
        case "responses":
            return {label.label: f"<{field.name}.{label.label}>" for label in field.labels}
        case "turns":
            return [{"role": "user", "content": mark}]
        case "texts" | "sources":
            return [mark]
    return mark


# -------------------------------------------------------------------------------------------- sizes


def _counter(tokenizer: Path | None) -> Callable[[str], str]:
    from skillrt.programs.explain import estimated_tokens

    if tokenizer is None:
        return estimated_tokens
    try:
        library = importlib.import_module("tokenizers")
    except ImportError:
        raise UsageError("exact token counts need the package tokenizers: pip install tokenizers") from None
    try:
        exact = library.Tokenizer.from_file(str(tokenizer))
    except Exception as error:  # its own error type is a bare Exception
        raise UsageError(f"cannot read the tokenizer {tokenizer}: {error}") from error
    return lambda text: f"{len(exact.encode(text, add_special_tokens=False).ids)} tokens"
