"""The language of a text, by langdetect with a seed of its own (the library's default is not seeded)."""

from __future__ import annotations

import threading
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

import regex

from skillrt.constraints.pure import check_phrase, check_text

if TYPE_CHECKING:
    from collections.abc import Sequence

_LETTER: Final = regex.compile(r"\p{L}")
_HAN: Final = regex.compile(r"\p{Han}")
_KANA: Final = regex.compile(r"[\p{Hiragana}\p{Katakana}]")
_HANGUL: Final = regex.compile(r"\p{Hangul}")
SEED: Final = 0
MAX_CHARS: Final = 10_000
"""langdetect itself looks at no more; cutting first keeps its clean-up of addresses off the rest."""


_LOADING: Final = threading.Lock()


def _factory() -> Any:
    # init_factory fills a global of the library, which a second thread would see half filled; reading
    # its 55 profiles takes half a second, once.
    with _LOADING:
        from langdetect import detector_factory

        detector_factory.init_factory()
    return detector_factory._factory


def guesses(text: str, max_chars: int = MAX_CHARS) -> list[tuple[str, float]]:
    """Languages and probabilities, best first; empty when the text has no letters to go by."""
    from langdetect import LangDetectException

    detector = _factory().create()
    detector.seed = SEED
    detector.append(text[:max_chars])
    try:
        return [(guess.lang, float(guess.prob)) for guess in detector.get_probabilities()]
    except LangDetectException:
        return []


def _by_script(text: str) -> str | None:
    """The language that the script alone settles; langdetect takes some Chinese for Korean."""
    letters = len(_LETTER.findall(text))
    han, kana, hangul = (len(pattern.findall(text)) for pattern in (_HAN, _KANA, _HANGUL))
    if 2 * (han + kana + hangul) <= letters:
        return None
    if hangul > han + kana:
        return "ko"
    return "ja" if 10 * kana > han else "zh"


def language(text: str) -> dict[str, str | float | None]:
    """The likeliest language: {"language": code such as "en" or "zh-cn", or null, "probability": 0 to 1}.

    A guess: short texts are often taken for a related language.
    """
    guessed = guesses(check_text(text))
    script = _by_script(text[:MAX_CHARS])
    if script is not None and not (guessed and guessed[0][0].startswith(script)):
        return {"language": script, "probability": 1.0}
    if not guessed:
        return {"language": None, "probability": 0.0}
    return {"language": guessed[0][0], "probability": round(guessed[0][1], 4)}


def is_language(text: str, code: str) -> bool:
    """Whether the likeliest language is the one of this ISO 639-1 code; "zh" takes any kind of Chinese."""
    wanted = check_phrase(code, "code").strip().lower().replace("_", "-")
    guess = language(text)["language"]
    return isinstance(guess, str) and (guess == wanted or guess.split("-")[0] == wanted)


def lingua_language(text: str, languages: Sequence[str]) -> str | None:
    """The likeliest of at least two given languages (ISO 639-1 codes), by lingua; null when it cannot tell.

    Needs the package lingua-language-detector (extra `lang`). Only the models of the given languages
    are loaded, at the first call. Never part of the registry: all of the models take about 1 GB.
    """
    codes = tuple(sorted({check_phrase(code, "each of languages").strip().upper() for code in languages}))
    if len(codes) < 2:
        raise ValueError("languages must name at least two ISO 639-1 codes")
    detected = _lingua_detector(codes).detect_language_of(check_text(text))
    return None if detected is None else str(detected.iso_code_639_1.name.lower())


@lru_cache(maxsize=2)
def _lingua_detector(codes: tuple[str, ...]) -> Any:
    try:
        import lingua
    except ImportError as error:
        raise ValueError("lingua is not installed; install the extra: pip install 'skillc[lang]'") from error
    known = {language.iso_code_639_1.name: language for language in lingua.Language.all()}
    if unknown := [code.lower() for code in codes if code not in known]:
        raise ValueError(f"lingua does not know: {', '.join(unknown)}")
    return lingua.LanguageDetectorBuilder.from_languages(*(known[code] for code in codes)).build()
