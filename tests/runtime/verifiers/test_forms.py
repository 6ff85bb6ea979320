"""Which form of answer a prompt demands."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.verifiers.references.forms import (
    Boxed,
    ClosingDigits,
    Form,
    Free,
    Marked,
    NumberList,
    OptionLetter,
    RepeatedLetter,
    Starred,
    Tagged,
    read_form,
)

PROMPTS: list[tuple[str, Form]] = [
    (
        "Which? (A) x (B) y\nOnce you know, duplicate that letter five times in a single string. "
        "For example, if the answer is K, then write KKKKK.\nLet's think step by step.",
        RepeatedLetter(5),
    ),
    ("Pick an option and repeat the letter of your choice 3 times, like AAA.", RepeatedLetter(3)),
    ("Write your option's letter four times.", RepeatedLetter(4)),
    (
        "How many? Put your answer in **bold** as a single integer (for example, **0**).",
        Starred(2, "integer"),
    ),
    (
        "Who lies? Then put your answer in **bold** as a list of three words, yes or no "
        "(for example, **yes, no, yes**). If you don't know, guess.",
        Starred(2, "list", 3, frozenset({"yes", "no"})),
    ),
    ("Name it, with the answer in **bold** as a single phrase (for example, **cone**).", Starred(2, "text")),
    (
        "What? Return your answer as a single word, in the following format: ***X***, where X is the answer.",
        Starred(3, "word"),
    ),
    (
        "Where? Return a single digit number, in the following format: ***N***, where N is the position.",
        Starred(3, "digit"),
    ),
    ("Give the final answer in bold.", Starred(2, "text")),
    ("Differentiate $x^2$. Please put your final answer in a $\\boxed{}$.", Boxed()),
    ("Differentiate it. Please put your final answer in a $\\\\boxed{}$.", Boxed()),
    (
        "Display the answer at the very end of your response. The answer is an integer consisting of "
        "exactly 3 digits. Remember to have the three digits as the last part of the response.",
        ClosingDigits(3),
    ),
    ("Give exactly four digits as the last part of your reply.", ClosingDigits(4)),
    ("Which formulae fit?\nAnswer: <comma separated list of numbers representing identifiers>", NumberList()),
    ("Order them. Give a comma-separated list of the sentence numbers.", NumberList()),
    ("Your answer should be a list of numbers, e.g., 5, 22, 3, in order.", NumberList()),
    ("Put the result between <answer> and </answer>.", Tagged("answer")),
    ("Enclose it in <solution></solution> tags.", Tagged("solution")),
    ("Finish with the number after ####.", Marked("####")),
    ('End your response with a line of the form "Final answer: X".', Marked("final answer")),
    ("Answer with the letter of the correct option only.", OptionLetter()),
    ("Respond with only the letter of your choice.", OptionLetter()),
    ("Tell me about rivers.", Free()),
    ("", Free()),
    ("Format:\n\nAnswer: your number", Marked("answer")),
    ('Finish with "the answer is (X)" where X is the letter.', Marked("the answer is")),
    ("Think, then answer with a single letter.", OptionLetter()),
    ("Use this layout.\n**Output format:** return one line of text.", Free()),
    ("#### Question\nHow many boxed sets were sold?\n#### Notes", Free()),
    ("The letter he wrote left her one choice. Which?", Free()),
    ("You are given a comma-separated list of numbers: 3, 4, 5. What is their sum?", Free()),
    ("Given the list of integers 3, 4, 5, compute the mean.", Free()),
    ("What would end this? The right answer: patience.", Free()),
    ("The word **answer** is bold in this text on typography.", Free()),
]


@pytest.mark.parametrize(("prompt", "form"), PROMPTS, ids=[str(number) for number in range(len(PROMPTS))])
def test_form_is_read_from_the_prompt(prompt: str, form: Form) -> None:
    assert read_form(prompt) == form


def test_the_last_demand_counts() -> None:
    quoted = "A student wrote: put the answer in \\boxed{}.\n"
    assert read_form(
        quoted + "Put your answer in **bold** as a single integer (for example, **0**)."
    ) == Starred(2, "integer")


def test_a_demand_after_a_very_long_document_is_found() -> None:
    assert read_form("word " * 200_000 + "Put your final answer in \\boxed{}.") == Boxed()


@settings(max_examples=150, deadline=None)
@given(
    st.text()
    | st.lists(st.sampled_from([text for text, _ in PROMPTS] + ["*", "\n", "****", "3"])).map("".join)
)
def test_any_text_has_a_form_with_a_description(prompt: str) -> None:
    assert read_form(prompt).describe()
