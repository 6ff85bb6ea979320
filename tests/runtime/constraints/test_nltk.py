"""Our sentences and words against NLTK's, on texts made of what is hard to cut."""

from __future__ import annotations

import random

from nltk.tokenize.destructive import NLTKWordTokenizer
from nltk.tokenize.punkt import PunktParameters, PunktSentenceTokenizer
from punkt.data import load_module

from skillrt.constraints.punkt import punkt_sentences
from skillrt.constraints.treebank import capital_count, treebank_words


def test_punkt_and_the_treebank_are_nltks_own() -> None:
    model, parameters = load_module("english"), PunktParameters()
    parameters.abbrev_types = set(model.ABBREV_TYPES)
    parameters.collocations = set(model.COLLOCATIONS)
    parameters.sent_starters = set(model.SENT_STARTERS)
    parameters.ortho_context.update(model.ORTHO_CONTEXT)
    sentences, words = PunktSentenceTokenizer(parameters), NLTKWordTokenizer()

    def alike(tokens: list[str]) -> list[str]:
        return [token.replace("``", '"').replace("''", '"') for token in tokens]

    source = random.Random(5)
    parts = [
        *(
            "Dr.",
            "U.S.",
            "e.g.",
            "A.",
            "1.",
            "3rd.",
            "...",
            ". . .",
            "Mr.",
            "Inc.",
            "Jan.",
            "Ph.D.",
            "5.",
            "?!",
        ),
        *(
            "!",
            "?",
            '"',
            "“",
            "”",
            ")",
            "(",
            "[",
            "--",
            "-",
            "a",
            "The",
            "he",
            "word",
            "x:y",
            "1,000",
            "etc.",
        ),
        *(
            ",",
            ";",
            ":",
            "\t",
            "\xa0",
            "\n",
            "IT'S",
            "DON'T",
            "we'll",
            "cannot",
            "wanna",
            "@",
            "$5",
            "```",
            "–",
        ),
    ]
    for _ in range(3000):
        chosen = source.choices(parts, k=source.randint(1, 14))
        text = "".join(part + source.choice((" ", "", " ")) for part in chosen)
        assert punkt_sentences(text) == sentences.tokenize(text)
        expected = [word for sentence in sentences.tokenize(text) for word in words.tokenize(sentence)]
        assert alike(treebank_words(text)) == alike(expected), text
        assert capital_count(text) == sum(map(str.isupper, expected))
