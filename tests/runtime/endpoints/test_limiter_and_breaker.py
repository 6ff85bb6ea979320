"""Admission to a server: places, cuts, pauses, cancellation; and the breaker behind it."""

import asyncio
import time

import pytest

from skillrt.endpoints.rates import breaker as breaker_module
from skillrt.endpoints.rates.breaker import Breaker
from skillrt.endpoints.rates.limiter import Limiter


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_places_are_given_in_the_order_of_asking() -> None:
    limiter, order = Limiter(2), []

    async def work(number: int) -> None:
        await limiter.acquire()
        order.append(number)

    tasks = [asyncio.create_task(work(number)) for number in range(5)]
    await settle()
    assert (order, limiter.in_flight, limiter.waiting, limiter.free) == ([0, 1], 2, 3, False)
    for _ in range(3):
        limiter.release()
        await settle()
    assert (order, limiter.in_flight, limiter.waiting) == ([0, 1, 2, 3, 4], 2, 0)
    await asyncio.gather(*tasks)


async def test_a_place_given_to_one_who_was_cancelled_goes_to_the_next() -> None:
    limiter = Limiter(1)
    await limiter.acquire()
    first = asyncio.create_task(limiter.acquire())
    second = asyncio.create_task(limiter.acquire())
    await settle()
    limiter.release()  # gives the place to the first
    first.cancel()  # which is gone before it can take it
    await settle()
    assert first.cancelled()
    assert second.done()
    assert (limiter.in_flight, limiter.waiting) == (1, 0)


async def test_one_cancelled_in_the_queue_is_passed_over() -> None:
    limiter = Limiter(1)
    await limiter.acquire()
    waiting = [asyncio.create_task(limiter.acquire()) for _ in range(3)]
    await settle()
    waiting[0].cancel()
    limiter.release()  # in the same turn of the event loop: the queue still holds the cancelled one
    await settle()
    assert waiting[0].cancelled()
    assert [task.done() for task in waiting] == [True, True, False]
    waiting[2].cancel()
    await settle()
    assert (limiter.in_flight, limiter.waiting) == (1, 0)


async def test_the_limit_is_halved_once_for_those_in_flight_and_grows_by_one_a_round() -> None:
    limiter = Limiter(16)
    began = time.monotonic()
    limiter.overloaded(began)
    limiter.overloaded(began)
    assert limiter.limit == 8
    limiter.overloaded(time.monotonic())
    assert limiter.limit == 4
    for _ in range(5):
        limiter.succeeded()
    assert 5 <= limiter.limit < 5.3
    for _ in range(1000):
        limiter.succeeded()
    assert limiter.limit == 16
    for _ in range(20):
        limiter.overloaded(time.monotonic() + 1)
        await asyncio.sleep(0.001)
    assert limiter.limit == 1


async def test_retry_after_closes_the_door_until_it_is_over() -> None:
    limiter = Limiter(4)
    limiter.overloaded(time.monotonic(), 0.05)
    assert not limiter.free
    assert 0 < limiter.closed_for <= 0.05
    limiter.overloaded(0.0, 0.1)
    began = time.monotonic()
    await asyncio.gather(*(asyncio.wait_for(limiter.acquire(), 5) for _ in range(2)))
    assert time.monotonic() - began >= 0.09
    assert limiter.in_flight == 2


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    now = [100.0]
    monkeypatch.setattr(breaker_module.time, "monotonic", lambda: now[0])
    return now


def test_failures_in_a_row_open_the_breaker_and_one_success_starts_anew(clock: list[float]) -> None:
    breaker = Breaker()
    for _ in range(7):
        breaker.failed()
    breaker.succeeded()
    for _ in range(7):
        breaker.failed()
    assert breaker.closed
    breaker.failed()
    assert not breaker.closed
    assert not breaker.admits
    assert breaker.opens_in == 1.0
    assert breaker.opened == 1


def test_one_probe_at_a_time_and_longer_pauses(clock: list[float]) -> None:
    breaker = Breaker()
    for _ in range(8):
        breaker.failed()
    clock[0] += 1
    assert breaker.admits
    assert breaker.started()
    assert not breaker.admits
    breaker.failed()  # one that was under way before: not the probe
    assert not breaker.admits
    breaker.cancelled()  # neither is this
    assert not breaker.admits
    breaker.failed(probe=True)
    assert breaker.opens_in == 2.0
    clock[0] += 2
    assert breaker.started()
    breaker.cancelled(probe=True)
    assert breaker.admits
    assert breaker.open_for == 3.0
    assert breaker.started()
    breaker.succeeded()
    assert breaker.closed
    assert breaker.open_for == 0.0
    assert not breaker.started()
    assert breaker.opened == 1


def test_pauses_have_an_end(clock: list[float]) -> None:
    breaker = Breaker()
    for _ in range(8):
        breaker.failed()
    for _ in range(20):
        breaker.started()
        breaker.failed(probe=True)
    assert breaker.opens_in == 30.0
