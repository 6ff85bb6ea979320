"""The `monty` backend: code runs in pydantic-monty, an interpreter in Rust with no access to the host.

Feeds run in threads of our own, on monty's synchronous pool: a feed that is cancelled can abort the process
at exit, and asyncio cancels every task when a loop ends; a thread is simply waited for. Every wait in such
a thread is bounded: execution by monty's limit (and by its killing a worker that overruns it), sleeps and
hosted helpers by the call's deadline.
"""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Callable, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

from skillrt.sandbox.helper_pool import HelperError, HelperPool
from skillrt.sandbox.helpers import Helpers
from skillrt.sandbox.leash import Leash
from skillrt.sandbox.monty_call import MontyCall
from skillrt.sandbox.records import (
    JSON,
    SandboxLimits,
    SandboxResult,
    SandboxUnavailable,
    check_call,
    failure,
)
from skillrt.sandbox.values import encode_inputs

if TYPE_CHECKING:
    from pydantic_monty import Monty, MontySession, OSPolicy

COLLECT = "from json import dumps as __dumps\n__dumps(result, allow_nan=False)[:{limit}]"
"""Fed after the code: the result is written out inside the interpreter, under its limits. There a module's
attributes cannot be set, so the code has no way to put another `dumps` in this place."""

MAX_STATES = 256
SESSIONS_PER_WORKER = 500
"""A worker process is replaced after so many calls, so that nothing can pile up in it."""


class MontySandbox:
    """An open pool of monty interpreters; made by `open_sandbox("monty")`."""

    def __init__(self, limits: SandboxLimits, helpers: Helpers) -> None:
        self._limits = limits
        self._helpers = helpers
        self._helper_pool = HelperPool(helpers, limits)
        self._threads = ThreadPoolExecutor(limits.processes, thread_name_prefix="monty")
        self._leash = Leash()
        self._pool: Monty | None = None
        self._preloaded: dict[tuple[str, ...], bytes] = {}
        """Interpreter states by the helpers in them: those a code names, as all take 2 ms to load."""

    async def start(self) -> None:
        """Start the interpreters. SandboxUnavailable where monty is not installed or does not start."""
        await asyncio.wrap_future(self._threads.submit(self._start))

    async def close(self) -> None:
        """Wait for the calls under way (each is bounded), drop those that wait, end all processes."""
        pool, self._pool = self._pool, None
        closing = asyncio.ensure_future(asyncio.to_thread(self._close, pool))
        try:
            await asyncio.shield(closing)
        except asyncio.CancelledError:
            await closing
            raise

    async def run(
        self, code: str, inputs: Mapping[str, JSON], *, timeout_s: float, memory_mb: int
    ) -> SandboxResult:
        """See `skillrt.sandbox.records.Sandbox.run`."""
        check_call(inputs, timeout_s, memory_mb)
        if len(code) > self._limits.code_chars:
            return failure("memory", f"the code is {len(code)} characters; at most {self._limits.code_chars}")
        encoded = encode_inputs(inputs, self._limits)
        if encoded is None:
            return failure("memory", f"the inputs are larger than {self._limits.input_bytes} bytes as JSON")
        if self._pool is None:
            return failure("unavailable", "the sandbox is closed")
        future = self._threads.submit(self._run, self._pool, code, encoded, timeout_s, memory_mb)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            if self._closed_under(future):
                return failure("unavailable", "the sandbox was closed before the call began")
            raise

    def _closed_under(self, future: Future[SandboxResult]) -> bool:
        """Whether a waiting call was dropped because the sandbox closed, not because its caller gave up."""
        task = asyncio.current_task()
        return future.cancelled() and self._pool is None and task is not None and not task.cancelling()

    def _start(self) -> None:
        try:
            from pydantic_monty import Monty
        except ImportError as error:
            raise SandboxUnavailable(
                f"pydantic-monty is not installed ({error}); pip install pydantic-monty"
            ) from None
        _check_descriptors(3 * self._limits.processes + 16)
        try:
            pool = Monty(
                binary_path=self._leash.binary,
                max_processes=self._limits.processes,
                max_checkouts_per_worker=SESSIONS_PER_WORKER,
            )
            pool.__enter__()
        except (OSError, RuntimeError) as error:
            raise SandboxUnavailable(f"the monty worker did not start: {error}") from None
        self._pool = pool

    def _close(self, pool: Monty | None) -> None:
        self._threads.shutdown(wait=True, cancel_futures=True)
        self._helper_pool.close()
        if pool is not None:
            pool.__exit__(None, None, None)
        self._leash.remove()

    def _run(self, pool: Monty, code: str, encoded: str, timeout_s: float, memory_mb: int) -> SandboxResult:
        try:
            state = self._state_for(pool, code)
        except Exception as error:  # our own code: what stops it is the machine
            return failure("unavailable", f"the interpreter does not load the helpers: {error}")
        call = MontyCall(self._limits, timeout_s)
        try:
            with pool.checkout(
                limits={"max_feed_duration_secs": timeout_s, "max_memory": memory_mb << 20},
                os_policy=_os_policy(),
            ) as session:
                call.has_begun = True
                if state is not None:
                    session.load_session(state)
                output = self._feed(session, code, json.loads(encoded), call)
        except (
            Exception
        ) as error:  # monty wraps whatever the code did; nothing the code does may escape as a raise
            return call.failed(error)
        return call.finished(output)

    def _state_for(self, pool: Monty, code: str) -> bytes | None:
        """The state to load for a code: the source helpers that it names, run once and kept."""
        names = self._helpers.named_in(code)
        if not names:
            return None
        state = self._preloaded.get(names)
        if state is None:
            with pool.checkout(limits={"max_feed_duration_secs": 5.0}, os_policy=_os_policy()) as session:
                session.feed_run(self._helpers.source_of(names))
                state = session.dump()
            if len(self._preloaded) >= MAX_STATES:
                self._preloaded.clear()
            self._preloaded[names] = state
        return state

    def _feed(self, session: MontySession, code: str, inputs: dict[str, JSON], call: MontyCall) -> object:
        from pydantic_monty import NOT_HANDLED

        def answer(*, name: str, args: tuple[Any, ...], **_rest: Any) -> Any:
            return call.sleep(float(args[0])) if name in ("time.sleep", "asyncio.sleep") else NOT_HANDLED

        session.feed_run(
            code,
            inputs={"result": None, **inputs},
            external_lookup={helper.name: self._bind(helper.name, call) for helper in self._helpers.hosted},
            print_callback=call.take_printed,
            os=answer,
        )
        call.collecting = True
        return session.feed_run(
            COLLECT.format(limit=self._limits.result_bytes + 1), print_callback=call.take_printed
        )

    def _bind(self, name: str, call: MontyCall) -> Callable[..., Any]:
        def hosted(*args: Any, **kwargs: Any) -> Any:
            try:
                return self._helper_pool.call(name, args, kwargs, call)
            except TimeoutError:
                call.overrun = call.overrun or call.spent >= call.timeout_s
                raise TimeoutError(f"{name} took too long") from None
            except HelperError as error:
                raise ValueError(str(error)) from None
            except OSError as error:
                call.unavailable = call.unavailable or f"{name} could not be run: {error.strerror}"
                raise

        return hosted


def _check_descriptors(count: int) -> None:
    """Raise SandboxUnavailable where so many cannot be opened: monty's own words for that are a panic."""
    opened: list[int] = []
    try:
        for _ in range(count):
            opened.append(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        raise SandboxUnavailable(
            f"the monty worker did not start: {count} descriptors are wanted: {error.strerror}; see ulimit -n"
        ) from None
    finally:
        for descriptor in opened:
            os.close(descriptor)


def _os_policy() -> OSPolicy:
    """Sleeps come to us, to be counted as time; random numbers are the same in every call."""
    return {"sleep": "call_host", "random_start": {"seed": 0}}
