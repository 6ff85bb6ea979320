"""Word lists that the IFBench checks go by, arranged by what the words do."""

from __future__ import annotations

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


CONJUNCTIONS: Final = _words("for and nor but or yet so")
"""The coordinating conjunctions."""

PERSON_NAMES: Final = (
    *("Emma", "Liam", "Sophia", "Jackson", "Olivia", "Noah", "Ava", "Lucas", "Isabella", "Mason"),
    *("Mia", "Ethan", "Charlotte", "Alexander", "Amelia", "Benjamin", "Harper", "Leo", "Zoe", "Daniel"),
    *("Chloe", "Samuel", "Lily", "Matthew", "Grace", "Owen", "Abigail", "Gabriel", "Ella", "Jacob"),
    *("Scarlett", "Nathan", "Victoria", "Elijah", "Layla", "Nicholas", "Audrey", "David", "Hannah"),
    *("Christopher", "Penelope", "Thomas", "Nora", "Andrew", "Aria", "Joseph", "Claire", "Ryan", "Stella"),
    "Jonathan",
)

PRONOUNS: Final = _words(
    "i me my mine myself we us our ours ourselves you your yours yourself yourselves "
    "he him his himself she her hers herself it its itself they them their theirs themselves"
)
"""Personal, possessive and reflexive pronouns."""

STOP_WORDS: Final = _words(
    # pronouns, questions and pointers
    "i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers "
    "herself it its itself they them their theirs themselves what which who whom this that these those "
    # forms of be, have and do, and other helping verbs
    "am is are was were be been being have has had having do does did doing will can should now "
    # articles, conjunctions, prepositions
    "a an the and but if or because as until while of at by for with about against between into through "
    "during before after above below to from up down in out on off over under "
    # adverbs and quantities
    "again further then once here there when where why how all any both each few more most other some such "
    "no nor not only own same so than too very just "
    # what is left and right of an apostrophe, once that has cut a word in two
    "s t d ll m o re ve y don ain aren couldn didn doesn hadn hasn haven isn ma mightn mustn needn shan "
    "shouldn wasn weren won wouldn"
)
"""Words that carry grammar rather than meaning."""

FIRST_VERBS: Final = _words(
    "be is are was were am do does did have has had let go get give take make see say come keep put set run "
    "show tell ask try use find think know look consider remember imagine suppose assume note notice "
    "prove recall compare describe explain explore discover embrace ensure follow apply choose avoid "
    "bring call check hold leave move open play read start stop turn write add become begin believe "
    "create define determine develop draw enjoy examine identify include introduce learn listen live meet "
    "pay provide reach recognize reduce remain replace select send speak stay study understand unleash wait "
    "want watch welcome work given seen known taken made done"
)
"""Verbs that the official tagger knows for verbs at the head of a text, by its verdicts and by their
frequency; it takes others with a capital (Build, Conceive) for names."""

NORTHERN_CAPITALS: Final = (
    *("Reykjavik", "Helsinki", "Oslo", "Tallinn", "Stockholm", "Riga", "Moscow", "Copenhagen", "Vilnius"),
    *("Minsk", "Dublin", "Berlin", "Amsterdam", "Warsaw", "London", "Brussels", "Prague", "Luxembourg"),
    *("Paris", "Vienna", "Bratislava", "Budapest", "Vaduz", "Chisinau", "Bern", "Ljubljana", "Zagreb"),
)
"""European capitals north of 45 degrees, from north to south."""
