"""The first requests of a run, refused all alike: a run that can only fail is told so early."""

from __future__ import annotations

from skillrt.endpoints.config import EndpointFailure, FailureKind

__all__ = ["AllRefusedError", "Refusals", "advice_for"]


class AllRefusedError(Exception):
    """The first requests were all refused alike and none was answered: the rest would be too.

    Attributes:
        status: the HTTP status of the refusals.
        kind: what sort of failure they were, as in ``EndpointFailure``.
        words: what the last one said, with the server's own words, for a person.
        advice: what to change, one sentence.
        count: how many requests were refused.
    """

    def __init__(self, status: int, kind: FailureKind, words: str, advice: str, count: int) -> None:
        super().__init__(status, kind, words, advice, count)  # so that it can be pickled
        self.status = status
        self.kind: FailureKind = kind
        self.words = words
        self.advice = advice
        self.count = count

    def __str__(self) -> str:
        return (
            f"the first {self.count} requests were all refused alike. The last: {self.words}. {self.advice}"
        )


class Refusals:
    """Counts how the first requests end, until the first answer or until ``limit`` refusals alike.

    Args:
        limit: so many refusals with the same status and kind, and nothing else, end the run; None never.
    """

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._count = 0
        self._like: tuple[int, FailureKind] | None = None
        self._last: EndpointFailure | None = None

    def check(self) -> None:
        """Raise where it is known that all is refused.

        Raises:
            AllRefusedError: nothing can come of another request.
        """
        if self._last is not None:
            assert self._like is not None
            words = str(self._last).rstrip(".")
            raise AllRefusedError(*self._like, words, advice_for(self._last), self._count)

    def answered(self) -> None:
        """Note an answer: the servers can be used, whatever comes."""
        self._limit = None

    def failed(self, failure: EndpointFailure) -> None:
        """Note a request that failed for good.

        Raises:
            AllRefusedError: it was the last of so many alike.
        """
        if self._limit is None or failure.status is None:
            return
        like = (failure.status, failure.kind)
        if self._like not in (None, like):
            self._limit = None
            return
        self._like = like
        self._count += 1
        if self._count >= self._limit:
            self._last = failure
        self.check()


def advice_for(failure: EndpointFailure) -> str:
    """Return what to change so that a server takes what it refused."""
    match failure.kind, failure.status:
        case "context", _:
            return "Give the model a larger context at the server, or judge with a shorter skill."
        case "broken", _:
            return "Correct --base-url: it must be the root of an OpenAI-compatible API, most often with /v1."
        case _, 401 | 403:
            return "Put a key that the server takes into the variable that --api-key-env names."
        case _, 402:
            return "Renew the account's credit, or name another server."
        case _, 404 | 405:
            return "Correct --base-url (most often it ends with /v1) or --model."
        case "refused", status if status is not None and 300 <= status < 400:
            return "Give the address that it names as --base-url."
        case "busy", _:
            return (
                "Come back later, or ask for less: --concurrency, --rpm, --tpm; --max-wait bounds the wait."
            )
        case "refused" | "filtered", _:
            return (
                "Change what is sent: skillbench endpoints check shows what the server takes, and "
                "--extra-body, --header and --no-seed change the request."
            )
    return "Look at the server: it answers, and only with errors."
