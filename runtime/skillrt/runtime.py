"""What judgments share: the way to the model, and the sandboxes."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

from skillrt.chat import Chats
from skillrt.endpoints.config import EndpointConfig, EndpointDown
from skillrt.endpoints.transport import Transport
from skillrt.judging.controls import CONTROL_SCHEME, Control, control_named
from skillrt.judging.judge import judge, unfit
from skillrt.judging.verdict import Judgment
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView, SampleError, make_view
from skillrt.sandbox.records import Sandbox, SandboxLimits

__all__ = ["LOCAL", "Runtime", "judge_config", "open_runtime", "view_or_refusal"]

LOCAL: Final = "local"
"""The base URL that means the embedded judge."""

_CONCURRENCY: Final = 16
# A small model that rambles is cut early; its server has one slot, and more than one conversation
# in it push each other out of its prefix cache.
_LOCAL: Final = {"max_tokens": 512, "concurrency": 1, "enable_thinking": None, "tool_mode": "schema"}
_SECRET_PARAMETER: Final = re.compile(
    r"(?:.*[-_.])?(?:api)?(?:key|token|secret|password|signature|sig|code|auth|authorization)", re.IGNORECASE
)

Seat = Callable[[Program, Mapping[str, Any], str], Chats]
"""Gives the conversations of one judgment: of a program, a sample, and a key that a control draws by."""


def judge_config(base_urls: Sequence[str], model: str | None, **options: Any) -> EndpointConfig:
    """Return how a judge is reached, with what is usual for the kind of server where nothing is said.

    Args:
        base_urls: servers, or the single address ``local`` or ``control:NAME``.
        model: the served model's name; not needed for ``local`` and controls, which have names of their own.
        **options: further fields of ``EndpointConfig``; None leaves a field to its default.

    Raises:
        ValueError: no model is named, a URL is none or holds a key, there is no such control, or ``local``
            stands beside other servers.
    """
    urls = tuple(base_urls)
    alone = next((url for url in urls if url == LOCAL or url.startswith(CONTROL_SCHEME)), None)
    if alone is not None and len(urls) > 1:
        raise ValueError(f"{alone} is one judge in this process; no other can stand beside it")
    usual: dict[str, Any] = {"concurrency": _CONCURRENCY}
    given = {name: value for name, value in options.items() if value is not None}
    if alone == LOCAL:
        from skillrt.embedded.model import MODEL_ALIAS

        usual, own, judge_name = dict(_LOCAL), MODEL_ALIAS, "the embedded judge"
        given.pop("enable_thinking", None)  # its template knows nothing of it
    elif alone is not None:
        own = control_named(alone)
        judge_name = "the control"
    else:
        for url in urls:
            _check_url(url)
        own, judge_name = model or "", "the model"
    if not own:
        raise ValueError("name the model (--model), as the server calls it")
    if model not in (None, own):
        raise ValueError(f"{judge_name} is called {own}; leave the model out, or name a server")
    return EndpointConfig(base_urls=urls, model=own, **(usual | given))


def _check_url(url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(f"{url} is no URL such as http://127.0.0.1:8000/v1, and not: local")
    if parts.username or parts.password:
        # It would end up in run.json, in the traces and in process lists.
        raise ValueError("a base URL must not hold a password: give it as the key (--api-key-env)")
    for name, _ in parse_qsl(parts.query, keep_blank_values=True):
        if _SECRET_PARAMETER.fullmatch(name):
            raise ValueError(
                f"a base URL must not hold a key, as its parameter {name} seems to: give it as the key "
                "(--api-key-env), or as a header (--header NAME=env:VAR)"
            )


class Runtime:
    """Judges samples with any of the programs it was opened for. Made by ``open_runtime``.

    Attributes:
        transport: the servers; None where a control judges.
        config: how the model is asked.
    """

    def __init__(
        self,
        config: EndpointConfig,
        transport: Transport | None,
        seat: Seat,
        python: Sandbox | None,
        checkers: Sandbox | None,
    ) -> None:
        self.config = config
        self.transport = transport
        self._seat = seat
        self._python = python
        self._checkers = checkers

    async def judge(
        self,
        program: Program,
        sample: Mapping[str, Any],
        key: str = "",
        *,
        checkers: Sandbox | None = None,
        deadline_s: float | None = None,
    ) -> Judgment:
        """Judge one sample; whatever fails is recorded in the judgment with its owner.

        Args:
            program: the link to run.
            sample: field name to value; what the link may not see is never looked at.
            key: tells this judgment from others with the same texts, for controls that draw.
            checkers: runs what verifiers run in place of the runtime's own sandbox.
            deadline_s: bound on the judgment in seconds; None for the configuration's.
        """
        view = view_or_refusal(program, sample)
        if isinstance(view, Judgment):
            return view
        if deadline_s is None and self.transport is not None:
            deadline_s = self.config.judgment_timeout_s
        return await judge(
            program,
            view,
            transport=self._seat(program, sample, key),
            sandbox=self._python,
            checkers=checkers or self._checkers,
            deadline_s=deadline_s,
        )

    async def weigh(self, program: Program, sample: Mapping[str, Any], *, both_orders: bool) -> Judgment:
        """Judge one sample by the probabilities of the labels' tokens; needs servers that give them."""
        from skillrt.judging.probabilities.judge import judge_by_logprobs

        view = view_or_refusal(program, sample)
        if isinstance(view, Judgment):
            return view
        assert self.transport is not None, "a control has no token probabilities"
        return await judge_by_logprobs(
            program,
            view,
            transport=self.transport,
            both_orders=both_orders,
            deadline_s=self.config.judgment_timeout_s,
        )

    async def check(self) -> tuple[str, ...]:
        """Ask the servers which models they have; return the names.

        Raises:
            EndpointDown: no server answers, or the one that does has other models.
        """
        if self.transport is None:
            return (self.config.model,)
        models = await self.transport.check()
        if models and self.config.model not in models:
            raise EndpointDown(
                f"the server has no model {self.config.model}; it has: {', '.join(models)}. "
                "Name one of them as the model."
            )
        return models


def view_or_refusal(program: Program, sample: Mapping[str, Any]) -> JudgeView | Judgment:
    """Return what ``program`` may see of ``sample``, or the invalid judgment of an unfit sample."""
    try:
        return make_view(program.task, program.link, sample)
    except SampleError as error:
        return unfit(error)


@asynccontextmanager
async def open_runtime(
    programs: Iterable[Program],
    config: EndpointConfig,
    *,
    limits: SandboxLimits | None = None,
    checkers: Sandbox | None = None,
) -> AsyncIterator[Runtime]:
    """Open connections and the sandboxes that the programs use; close them at the end.

    Args:
        programs: all that will be run.
        config: the servers, or a control such as ``control:random``.
        limits: of the sandboxes.
        checkers: an open ``cpython`` sandbox for verifiers, which stays open; None to open one where needed.

    Raises:
        ValueError: there is no such control.
        skillrt.sandbox.SandboxUnavailable: what the skills run cannot be isolated here.
    """
    from skillrt.sandbox import open_sandbox
    from skillrt.verifiers import SANDBOXED

    skills = [program.skill for program in programs if program.skill is not None]
    async with AsyncExitStack() as stack:
        python = None
        if checkers is None and any(
            verifier.by in SANDBOXED for skill in skills for verifier in skill.verifiers
        ):
            checkers = await stack.enter_async_context(open_sandbox("cpython", limits))
        if config.base_urls[0].startswith(CONTROL_SCHEME):
            control = Control(control_named(config.base_urls[0]), config.seed or 0)
            yield Runtime(config, None, control.sit_down, None, checkers)
            return
        from skillrt.endpoints import open_endpoints

        transport = await stack.enter_async_context(open_endpoints(config))
        if any(skill.python is not None for skill in skills):
            python = await stack.enter_async_context(open_sandbox("monty", limits))
        yield Runtime(config, transport, lambda *_: transport, python, checkers)
