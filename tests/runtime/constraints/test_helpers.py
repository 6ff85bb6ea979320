"""What holds of every helper: total, JSON out, clear refusals, stable; and what the table cannot show."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from skillrt.constraints import HELPERS, pure_source
from skillrt.constraints.language import is_language, language, lingua_language
from skillrt.constraints.markdown import paragraphs
from skillrt.constraints.pure import keyword_count, keyword_counts
from skillrt.constraints.segments import SYNTOK_TOKENS, graphemes, sentences, words
from skillrt.constraints.structured import json_report

ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "parts": ("***",),
    "letter_count": ("a",),
    "char_count": (",",),
    "starts_with": ("a",),
    "ends_with": ("a",),
    "repeats_prompt": ("a",),
    "sections": ("Section",),
    "keyword_count": ("a",),
    "keyword_counts": (["a", "b"],),
    "missing_keywords": (["a"],),
    "found_keywords": (["a"],),
    "json_missing": (["a"],),
    "is_language": ("en",),
}
MARKUP = 'a|A b|- |1. |# |```|*|**|[|](|)|<p>|<!--|-->|> |    |{|"k":|}|[x]|<<|>>|. |Dr. |!|******|P.S.|é'
SPECIAL = "\n|\n\n|~~~\n|“|”|。|؟|！”他|• |①|好|\u0301|\u200d|\U0001f469|\ud800|\0|\r|\u2028|P.S.|é|Section 1"
PIECES = st.sampled_from([*MARKUP.split("|"), *SPECIAL.split("|"), "|", "|-|-|\n"])
TEXTS = st.one_of(st.lists(PIECES, max_size=30).map("".join), st.text(max_size=60))


@settings(max_examples=150, deadline=None)
@given(TEXTS)
def test_every_helper_takes_any_text_and_gives_json(text: str) -> None:
    for name, helper in HELPERS.items():
        found = helper.function(text, *ARGUMENTS.get(name, ()))
        assert json.loads(json.dumps(found)) == found, name


@pytest.mark.parametrize("name", HELPERS)
def test_what_is_no_text_is_refused(name: str) -> None:
    for wrong in (None, 3, b"a", ["a"]):
        with pytest.raises(ValueError, match="must be a string"):
            HELPERS[name].function(wrong, *ARGUMENTS.get(name, ()))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_wrong_argument_is_refused(name: str) -> None:
    for wrong in (None, 7, "", [], [""]):
        with pytest.raises(ValueError, match="must "):
            HELPERS[name].function("text", wrong)


def test_more_refusals_say_what_is_wanted() -> None:
    with pytest.raises(ValueError, match="one character"):
        HELPERS["letter_count"].function("abc", "ab")
    with pytest.raises(ValueError, match="at least 1"):
        HELPERS["capital_words"].function("ABC", 0)
    with pytest.raises(ValueError, match="letter or digit"):
        HELPERS["postscript"].function("P.S.", "...")
    with pytest.raises(ValueError, match="not a pure helper"):
        pure_source(["words"])


def test_the_registry_tells_a_judge_what_it_may_call() -> None:
    assert HELPERS["letter_count"].signature == "letter_count(text, letter, ignore_case=True) -> int"
    assert HELPERS["postscript"].signature == "postscript(text, marker='P.S.') -> str | None"
    for name, helper in HELPERS.items():
        assert helper.name == name
        assert helper.signature.startswith(f"{name}(text")
        assert len(helper.signature) < 100
        assert helper.summary.endswith((".", ":")) or helper.summary.endswith(")")
    assert sum(helper.pure for helper in HELPERS.values()) >= 20


def test_pure_source_stands_alone() -> None:
    for name, helper in HELPERS.items():
        if helper.pure:
            space: dict[str, Any] = {}
            exec(pure_source([name]), space)
            arguments = ("Say hi. Section 1 a", *ARGUMENTS.get(name, ()))
            assert space[name](*arguments) == helper.function(*arguments), name


def test_importing_the_registry_loads_no_heavy_library() -> None:
    heavy = ("nltk", "langdetect", "pyromark", "re2", "lingua", "syntok")
    code = f"import sys, skillrt.constraints; print([m for m in {heavy} if m in sys.modules])"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert run.stdout.strip() == "[]"


@settings(max_examples=300, deadline=None)
@given(st.text(st.sampled_from("ab1'’.,:_-\"ש我か ー\u0301\n٣कа가"), max_size=12))
def test_words_are_those_of_uniseg(text: str) -> None:
    from uniseg.wordbreak import words as reference

    assert words(text) == [word for word in reference(text) if any(map(str.isalnum, word))]


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80))
def test_graphemes_lose_nothing(text: str) -> None:
    assert "".join(graphemes(text)) == text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def test_a_long_text_is_split_much_as_a_short_one() -> None:
    source = random.Random(3)
    made = [
        source.choice(("Dr. Smith came", "It was 3.5 miles", "Why not", "He said “no”", "We left"))
        + source.choice(".!?")
        for _ in range(200)
    ]
    short = " ".join(made)
    long = "\n\n".join([short] * 12)
    assert len(words(long)) > SYNTOK_TOKENS
    assert len(sentences(short)) == 200
    assert len(sentences(long)) == 12 * 200


def test_composing_is_not_quadratic_in_marks() -> None:
    # unicodedata.normalize takes over 5 s for this one.
    text = "a" + "\u0301\u0323" * 40_000
    assert keyword_count(text, "é") == 0
    assert keyword_counts("aaa " * 10, ["aa", "aaa"]) == {"aa": 0, "aaa": 10}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("The weather was fine and we walked along the river until it was dark.", "en"),
        ("Das Wetter war schön, und wir gingen am Fluss entlang, bis es dunkel war.", "de"),
        ("El tiempo era bueno y caminamos junto al río hasta que oscureció.", "es"),
        ("Погода была хорошей, и мы гуляли вдоль реки, пока не стемнело.", "ru"),
        ("天气很好，我们沿着河边散步，一直走到天黑。", "zh"),
        ("天気がよかったので、暗くなるまで川沿いを歩きました。", "ja"),
        ("날씨가 좋아서 우리는 어두워질 때까지 강을 따라 걸었습니다.", "ko"),
        ("كان الطقس جميلا ومشينا على طول النهر حتى حل الظلام.", "ar"),
        ("ಹವಾಮಾನ ಚೆನ್ನಾಗಿತ್ತು ಮತ್ತು ನಾವು ನದಿಯ ಉದ್ದಕ್ಕೂ ನಡೆದೆವು.", "kn"),
    ],
)
def test_language_is_told_and_stays(text: str, code: str) -> None:
    assert is_language(text, code)
    assert not is_language(text, "it")
    assert len({json.dumps(language(text)) for _ in range(10)}) == 1


def test_no_language_without_letters() -> None:
    assert language("123 ... 456") == {"language": None, "probability": 0.0}
    assert not is_language("123", "en")


def test_repeated_chinese_is_not_taken_for_korean() -> None:
    assert str(language("我今天去了北京。天气很好！" * 160)["language"]).startswith("zh")


def test_lingua_is_asked_for_or_refused_clearly() -> None:
    with pytest.raises(ValueError, match="at least two"):
        lingua_language("Hello", ["en"])
    try:
        import lingua  # noqa: F401
    except ImportError:
        with pytest.raises(ValueError, match="not installed"):
            lingua_language("Hello there", ["en", "de"])
    else:
        assert lingua_language("Hello there, my good old friend", ["en", "de"]) == "en"


def test_a_json_report_names_doubled_keys_and_errors() -> None:
    found = json_report('```json\n{"a": 1, "b": {"c": 1, "c": 2}}\n```')
    assert found == {
        "valid": True,
        "fenced": True,
        "type": "object",
        "keys": ["a", "b"],
        "duplicate_keys": ["c"],
        "error": None,
    }
    assert json_report("[1")["valid"] is False
    assert "line 1" in json_report("[1")["error"]
    assert json_report("-Infinity")["error"] == "-Infinity is not JSON"
    assert json_report("3.5")["type"] == "number"


def test_deep_nesting_neither_crashes_nor_hides_the_rest() -> None:
    assert paragraphs(">" * 60_000 + " deep\n\nplain") == ["deep", "plain"]


def test_only_closed_brackets_are_deep() -> None:
    depth = HELPERS["nesting_depth"].function
    texts = ("", "(", "()", "(((a)", "([b {c}] (", "(]", "{[(x)]}{[", ")(")
    assert [depth(text) for text in texts] == [0, 0, 1, 1, 2, 0, 3, 0]
