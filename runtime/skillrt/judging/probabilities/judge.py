"""Reading a verdict from token probabilities: a probability for each label instead of a bare word.

The judge's answer is begun for it, up to where the labels part, and the server is asked how likely each next
token is; ``weighing`` follows labels of several tokens. Where both orders of the responses are
asked for, the two are averaged, so that a preference for a place does not pass for a preference for a
response. For tasks whose answer is a choice or a scale, in their direct delivery, on servers that give
log probabilities.
"""

from __future__ import annotations

import math
from collections.abc import Generator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from skillrt.chat import CONTEXT, ChatRequest, Reply, Usage, add_usage
from skillrt.endpoints.config import EndpointFailure
from skillrt.judging.actions import Finish, Send
from skillrt.judging.judge import guarded
from skillrt.judging.probabilities.weighing import LogprobsError, Tokens, answer_texts, weigh, weighed_answer
from skillrt.judging.verdict import ErrorOwner, Judgment, Verdict
from skillrt.programs.program import Program
from skillrt.programs.view import JudgeView, SampleError, cut_fields
from skillspec.records import ChoiceAnswer, ScaleAnswer

if TYPE_CHECKING:
    from skillrt.chat import Chat, Chats

__all__ = [
    "LOGPROBS",
    "LogprobsError",
    "LogprobsLoop",
    "answer_texts",
    "judge_by_logprobs",
    "require_logprobs",
]

LOGPROBS: Final = "logprobs"
"""What the trace of a judgment says under ``readout`` when it was read by token probabilities."""

_NONE_GIVEN = "the server gives no log probabilities (logprobs, top_logprobs)"
_SAMPLE_CHARS = (8000, 4000, 2000)
"""A sample that does not fit the model's context is shown again with its texts cut to so many characters."""

_Asking = Generator[ChatRequest, Tokens, Verdict]


class LogprobsLoop:
    """One judgment by token probabilities, without input or output; driven as ``JudgeLoop`` is.

    Args:
        program: a link in the delivery ``direct`` of a task whose answer is a choice or a scale.
        view: the sample's visible fields.
        both_orders: also show the responses in the opposite order, and average.

    Raises:
        LogprobsError: the task cannot be judged so.
    """

    def __init__(self, program: Program, view: JudgeView, *, both_orders: bool) -> None:
        self._program = program
        self._answer = weighed_answer(program)
        self._texts = answer_texts(program)
        self._view = view
        self._both_orders = both_orders
        self._shortened = 0
        self._usage = Usage()
        self._events: list[dict[str, Any]] = []
        self._trace: dict[str, Any] = {
            "link": program.link.id,
            "digest": program.link.digest,
            "readout": LOGPROBS,
            "both_orders": both_orders,
            "fields": _plain(view),
            "messages": [],
            "events": self._events,
        }
        self._asking: _Asking = self._ask(view)

    def start(self) -> Send | Finish:
        """Begin the judgment."""
        return self._go_on(None)

    def reply(self, reply: Reply) -> Send | Finish:
        """Take the tokens that may go on after what was asked for last."""
        self._usage = add_usage(self._usage, replace(reply.usage, requests=1))
        self._events.append({**reply.event(), "tokens": [list(token) for token in reply.tokens]})
        if not reply.tokens:
            return self._invalid(_NONE_GIVEN, "endpoint", "no logprobs")
        return self._go_on(reply.tokens)

    def failed(self, problem: str, *, context: bool = False, kind: str = "") -> Send | Finish:
        """Take that a request was not answered.

        Args:
            problem: what happened, for a person.
            kind: the sort of failure, a word or two that can be counted.
            context: the prompt was too long for the model. All texts of the sample are cut alike by steps,
                and every order is asked for again; then the sample counts as unfit.
        """
        if not context:
            return Finish(self.given_up(problem, "endpoint", kind))
        self._fail(problem, "endpoint", kind, context=True)
        if self._shortened == len(_SAMPLE_CHARS):
            return self._invalid(problem, "sample", CONTEXT)
        chars = _SAMPLE_CHARS[self._shortened]
        self._shortened += 1
        self._events.append({"type": "shortened", "step": self._shortened, "chars": chars})
        self._asking = self._ask(JudgeView(cut_fields(self._view.fields, chars)))
        return self._go_on(None)

    def given_up(self, problem: str, owner: ErrorOwner, kind: str = "") -> Judgment:
        """End the judgment from outside."""
        self._fail(problem, owner, kind, context=False)
        return self._invalid(problem, owner, kind).judgment

    def _fail(self, problem: str, owner: ErrorOwner, kind: str, *, context: bool) -> None:
        told = {"problem": problem, "owner": owner, "kind": kind, "context": context}
        self._events.append({"type": "failure", **told})

    def _go_on(self, tokens: Tokens | None) -> Send | Finish:
        try:
            return Send(next(self._asking) if tokens is None else self._asking.send(tokens))
        except StopIteration as end:
            return self._finish(end.value)
        except SampleError as error:
            return self._invalid(error.problem, "sample", "fields")

    def _ask(self, view: JudgeView) -> _Asking:
        """Ask for every order of the responses; return the verdict."""
        turn = self._both_orders and len(view.labels()) > 1
        weighed: list[dict[str, float]] = []
        for number, shown in enumerate([view, _turned(view)] if turn else [view]):
            weighed.append((yield from self._weigh(number, self._program.messages(shown, {}))))
        return self._conclude(weighed, view.labels())

    def _weigh(
        self, order: int, messages: list[dict[str, Any]]
    ) -> Generator[ChatRequest, Tokens, dict[str, float]]:
        if not self._trace["messages"]:
            self._trace["messages"] = messages
        else:
            self._events.append({"type": "shown", "order": order, "messages": messages})
        asking = weigh(self._texts)
        try:
            prefix = next(asking)
            while True:
                self._events.append({"type": "request", "order": order, "prefill": prefix})
                prefix = asking.send((yield ChatRequest(messages, (), prefill=prefix)))
        except StopIteration as end:
            weights: dict[str, float] = end.value
            return weights

    def _conclude(self, weighed: Sequence[Mapping[str, float]], labels: Sequence[str]) -> Verdict:
        mass = [math.fsum(weights.values()) for weights in weighed]
        if min(mass) <= 0.0:
            problem = "no label is among the likeliest tokens"
            return Verdict(valid=False, error=problem, error_owner="judge", error_kind="unreadable")
        shares = [
            {label: weight / whole for label, weight in weights.items()}
            for weights, whole in zip(weighed, mass, strict=True)
        ]
        if len(shares) == 2:
            back = {label: _turned_label(self._answer, labels, label) for label in self._texts}
            shares[1] = {label: shares[1][back[label]] for label in self._texts}
        mean = {label: math.fsum(share[label] for share in shares) / len(shares) for label in self._texts}
        self._trace |= {"probabilities": mean, "orders": shares, "mass": mass}
        return replace(_verdict(self._answer, mean), mass=min(1.0, math.fsum(mass) / len(mass)))

    def _invalid(self, problem: str, owner: ErrorOwner, kind: str) -> Finish:
        return self._finish(Verdict(valid=False, error=problem, error_owner=owner, error_kind=kind))

    def _finish(self, verdict: Verdict) -> Finish:
        told = ("valid", "said", "outcome", "probabilities", "mass", "error", "error_owner")
        self._events.append({"type": "end", **{name: getattr(verdict, name) for name in told}})
        return Finish(Judgment(verdict, self._usage, self._trace))


def _turned(view: JudgeView) -> JudgeView:
    responses = view.fields["responses"]
    swapped = dict(zip(responses, reversed(list(responses.values())), strict=True))
    return JudgeView(MappingProxyType({**view.fields, "responses": MappingProxyType(swapped)}))


def _turned_label(answer: ChoiceAnswer | ScaleAnswer, labels: Sequence[str], label: str) -> str:
    """Return the label that says of the turned responses what ``label`` says of them as shown."""
    turned = dict(zip(labels, reversed(labels), strict=True))
    outcome = answer.outcomes[label]
    wanted = (turned.get(outcome.winner, outcome.winner), outcome.by)
    return next(
        (name for name, named in answer.outcomes.items() if (named.winner, named.by) == wanted), label
    )


def _verdict(answer: ChoiceAnswer | ScaleAnswer, mean: Mapping[str, float]) -> Verdict:
    parts: dict[str, list[float]] = {}
    for label, probability in mean.items():
        parts.setdefault(answer.outcomes[label].winner, []).append(probability)
    winners = {winner: math.fsum(shares) for winner, shares in parts.items()}
    most = max(winners.values())
    best = [winner for winner, probability in winners.items() if probability >= most - 1e-12]
    if len(best) > 1:
        return Verdict(valid=True, said=None, outcome=None, score=most, probabilities=winners)
    own = {label: share for label, share in mean.items() if answer.outcomes[label].winner == best[0]}
    label = max(own, key=lambda name: own[name])
    return Verdict(valid=True, said=best[0], outcome=best[0], label=label, score=most, probabilities=winners)


def _plain(view: JudgeView) -> dict[str, Any]:
    return {name: dict(value) if isinstance(value, Mapping) else value for name, value in view.fields.items()}


async def judge_by_logprobs(
    program: Program,
    view: JudgeView,
    *,
    transport: Chats,
    both_orders: bool = True,
    deadline_s: float | None = None,
) -> Judgment:
    """Judge one sample by the probabilities of its labels.

    Args:
        program: a link in the delivery ``direct`` of a task whose answer is a choice or a scale.
        view: the sample's visible fields.
        transport: gives the conversation with the model.
        both_orders: also show the responses in the opposite order, and average; False where each order is
            a judgment of its own.
        deadline_s: bound on the whole judgment in seconds; none when None.

    Returns:
        A judgment: ``probabilities`` has the winners and adds up to 1, ``mass`` says how much of all
        probability fell on labels before that, ``label`` is the likeliest label of the winner and ``score``
        the probability behind it. The trace holds each label's probability, in each order and averaged, and
        all tokens that were received. Equally likely winners are none: the outcome is then None.

    Raises:
        LogprobsError: the task cannot be judged so.
        AllRefusedError: the servers refuse everything alike.
    """
    loop = LogprobsLoop(program, view, both_orders=both_orders)
    return await guarded(_drive(loop, transport.conversation()), loop, program, deadline_s)


async def _drive(loop: LogprobsLoop, chat: Chat) -> Judgment:
    action = loop.start()
    while isinstance(action, Send):
        try:
            reply = await chat.send(action.request)
        except EndpointFailure as failure:
            action = loop.failed(str(failure), context=failure.kind == "context", kind=failure.cause)
        else:
            action = loop.reply(reply)
    return action.judgment


async def require_logprobs(chat: Chat) -> None:
    """Ask for the probabilities behind a begun answer once, to find out whether a server gives them.

    Raises:
        LogprobsError: it does not, or refuses the question.
    """
    question = "Which is larger, (a) 4 or (b) 5? Answer with the letter alone."
    try:
        reply = await chat.send(ChatRequest(({"role": "user", "content": question},), (), prefill="("))
    except EndpointFailure as failure:
        raise LogprobsError(
            f"the server gives no log probabilities of a begun answer: {failure}"
        ) from failure
    if not reply.tokens:
        raise LogprobsError(_NONE_GIVEN)
