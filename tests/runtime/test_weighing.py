"""Label probabilities from token probabilities, without a model: every way of cutting labels into tokens."""

import itertools
import math
import random
from collections.abc import Iterator, Mapping, Sequence

import pytest

from skillrt.judging.probabilities.weighing import Tokens, weigh

SCALE = ("A>>B", "A>B", "A=B", "B>A", "B>>A")
END = "<end>"


def cuts(text: str) -> Iterator[tuple[str, ...]]:
    """Every way of cutting a text into tokens."""
    for places in itertools.product((False, True), repeat=len(text) - 1):
        tokens, start = [], 0
        for place, cut in enumerate(places, 1):
            if cut:
                tokens.append(text[start:place])
                start = place
        yield (*tokens, text[start:])


def told(spelt: Mapping[tuple[str, ...], float], begun: str) -> Tokens:
    """What a model that writes these tokens says of the next one after ``begun``."""
    found: dict[str, float] = {}
    for tokens, probability in spelt.items():
        for number, token in enumerate((*tokens, END)):
            whole = "".join(tokens[:number])
            if begun in (whole, whole.strip()):
                found[token] = found.get(token, 0.0) + probability
                break
    total = math.fsum(found.values())
    return [(token, math.log(p / total)) for token, p in found.items()]


def weighed(
    labels: Sequence[str], spelt: Mapping[tuple[str, ...], float]
) -> tuple[dict[str, float], list[str]]:
    asking, asked = weigh({label: label for label in labels}), []
    try:
        prefix = next(asking)
        while True:
            asked.append(prefix)
            prefix = asking.send(told(spelt, prefix))
    except StopIteration as end:
        return end.value, asked


@pytest.mark.parametrize("seed", range(60))
def test_a_scale_gets_its_probabilities_however_each_label_is_cut(seed: int) -> None:
    draw = random.Random(seed)
    shares = [draw.random() + 0.05 for _ in SCALE]
    wanted = {label: share / sum(shares) for label, share in zip(SCALE, shares, strict=True)}
    spelt = {draw.choice(list(cuts(label))): wanted[label] for label in SCALE}
    found, asked = weighed(SCALE, spelt)
    assert found == pytest.approx(wanted, abs=1e-9)
    assert len(asked) == len(set(asked)) <= 9


def test_tokens_with_a_space_before_them_count_as_without() -> None:
    found, asked = weighed(("A", "B"), {(" A",): 0.2, ("A",): 0.3, (" B",): 0.5})
    assert (found, asked) == (pytest.approx({"A": 0.5, "B": 0.5}), [""])
    labels = ("Response A", "Response B")
    found, asked = weighed(labels, {(" Response", " A"): 0.6, ("Response", " ", "B"): 0.4})
    assert found == pytest.approx({"Response A": 0.6, "Response B": 0.4})
    assert asked[0] == "Response"


def test_a_label_that_begins_another_one_has_what_does_not_go_on() -> None:
    found, asked = weighed(("1", "10", "2"), {("1",): 0.5, ("1", "0"): 0.3, ("2",): 0.2})
    assert found == pytest.approx({"1": 0.5, "10": 0.3, "2": 0.2})
    assert asked == ["", "1"]
    found, _ = weighed(("1", "10", "2"), {("1",): 0.5, ("10",): 0.3, ("2",): 0.2})
    assert found == pytest.approx({"1": 0.5, "10": 0.3, "2": 0.2})


def test_what_is_no_label_and_what_is_no_number_counts_as_nothing() -> None:
    asking = weigh({"A": "A", "B": "B"})
    next(asking)
    with pytest.raises(StopIteration) as end:
        asking.send(
            [("A", math.log(0.25)), ("B", math.nan), ("B", -math.inf), ("I", math.log(0.5)), ("", -2.0)]
        )
    assert end.value.value == pytest.approx({"A": 0.25, "B": 0.0})


def test_a_server_that_goes_on_for_ever_is_asked_a_bounded_number_of_times() -> None:
    asking = weigh({"A": "x" * 100 + "A", "B": "x" * 100 + "B", "C": "C"})
    assert next(asking) == ""
    for number in range(1, 24):
        assert asking.send([("x", 0.0)]) == "x" * number
    with pytest.raises(StopIteration) as end:
        asking.send([("x", 0.0)])
    assert sum(end.value.value.values()) == 0.0


def test_a_word_that_only_begins_like_a_label_is_not_the_label() -> None:
    spelt = {("A", "."): 0.3, ("Actually",): 0.4, ("B",): 0.2, ("10",): 0.1}
    found, _ = weighed(("A", "B", "1"), spelt)
    assert found == pytest.approx({"A": 0.3, "B": 0.2, "1": 0.0})
