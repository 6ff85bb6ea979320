"""Run the compiler over random, mutated and hostile files: python tests/perf/fuzz_compiler.py [COUNT] [SEED].

Each input (10,000 unless COUNT says otherwise) is checked, compiled where it has no errors, and formatted.
Ends with status 1 when one of them raises, takes longer than 1 s of processor time, or is formatted to
something else than it meant.
"""

from __future__ import annotations

import random
import statistics
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "support"))

from compiler_support import MAIN, SHARED, good_files, phrases
from source_support import compile_text, meaning, mutated, noise, program

from skillc.diagnostics import Report
from skillc.formatting.fmt import format_source
from skillc.source import MAX_CHARS, MAX_TOKENS, SourceFile
from skillc.syntax.lexer import lex

LIMIT_S = 1.0


def _block(head: str, line: str, most: int = MAX_CHARS) -> str:
    """A block of as many lines as a file may have; ``#`` in a line is its number."""
    count = min((most - 200) // (len(line) + 5), (MAX_TOKENS - 50) // _tokens(line.replace("#", "1") + "\n"))
    lines = [line.replace("#", str(number)) for number in range(count)]
    return f"language 1\n{head} {{\n" + "\n".join(lines) + "\n}\n"


def _tokens(text: str) -> int:
    return len(lex(SourceFile("x", text), Report())) - 1


def _repeat(text: str, most: int = MAX_CHARS) -> str:
    return "language 1\n" + text * min((most - 20) // len(text), (MAX_TOKENS - 10) // max(_tokens(text), 1))


def hostile() -> dict[str, str]:
    """Files at the limits of size, each with one shape that some part of a compiler does not like."""
    condition = " and ".join(["a = b"] * 240)
    full = SHARED + phrases() + MAIN.removeprefix("language 1\n").split("\n", 1)[1]
    shapes = {
        "open braces": _repeat("{"),
        "nested calls": _repeat("a("),
        "closing braces": _repeat("}"),
        "open texts": _repeat('"""\n'),
        "quotes": _repeat('"'),
        "slashes": _repeat("/\n"),
        "backslashes": _repeat('"\\\\'),
        "stars": _repeat("*"),
        "bad characters": _repeat("\x01"),
        "unicode": _repeat("é"),
        "one word": _repeat("a"),
        "digits": _repeat("9"),
        "commas": _repeat(",\n"),
        "line ends": _repeat("\n"),
        "comments": _repeat("#\n"),
        "unknown items": _repeat("foo bar\n"),
        "unclosed tasks": _repeat("task a {\n"),
        "empty tasks": "language 1\n" + "".join(f"task t{n} {{ }}\n" for n in range(MAX_TOKENS // 5 - 5)),
        "empty skills": "language 1\n" + "".join(f"skill s{n} {{ }}\n" for n in range(MAX_TOKENS // 5 - 5)),
        "unknown imports": _repeat('import { a } from "b.skill"\n'),
        "empty tests": _repeat('test "t" { }\n'),
        "one-line resources": _block("skill s", 'resource note n# { text "x"  hint "y"  for a }'),
        "same resources": _block("skill s", 'resource note n { text "x"  hint "y" }'),
        "steps": _block("skill s { procedure", 'step s# "x" use a#, b consult rubric.c#').rstrip("\n")
        + "}\n",
        "fields": _block("task t", "given f#, g#?"),
        "labels": "language 1\ntask t { answer choice { "
        + ", ".join(f"l{n}" for n in range(MAX_TOKENS // 2 - 50))
        + " } }\n",
        "phrases": _block("phrases p", 'p# "{a} {b}"'),
        "failures": _block("taxonomy t", 'minor f# "x" cap 0.5'),
        "conditions": _block("skill s { readout", f"cap 0.5 when {condition}").rstrip("\n") + "}\n",
        "lets": _block("skill s { readout", "let v# = v# + 1").rstrip("\n") + "}\n",
        "doubling lets": full.replace(
            "    round  4\n",
            "".join(f"    let v{n + 1} = v{n} + v{n}\n" for n in range(MAX_TOKENS // 9)) + "    round 4\n",
        ).replace("    let    ok", "    let v0 = 1\n    let    ok"),
        "chained tasks": "language 1\n"
        + "".join(f"task t{n} extends t{n + 1} {{ }}\n" for n in range(MAX_TOKENS // 7 - 5)),
        "chained skills": "language 1\n"
        + "".join(f"skill s{n} extends s{n + 1} {{ }}\n" for n in range(MAX_TOKENS // 7 - 5)),
        "extends a ring": "language 1\n"
        + "".join(f"task t{n} extends t{(n + 1) % 900} {{ }}\n" for n in range(900)),
        "chained pipelines": full
        + "".join(
            f"task p{n} extends pairs {{ }}\npipeline l{n} {{ task p{n + 1} }}\n"
            for n in range(MAX_TOKENS // 16)
        ),
        "parentheses": f"language 1\nskill s {{\n readout {{ base {'(' * 39}1{')' * 39} }}\n}}\n",
        "negations": f"language 1\nskill s {{\n readout {{ base {'not ' * 4000}a }}\n}}\n",
        "long item": "language 1\nskill s { serves " + ", ".join(["a"] * (MAX_TOKENS // 2 - 50)) + " }\n",
        "greedy regex": "language 1\ntask t { accept text last /(((a{1,30}){1,30}){1,30})(?P<label>x)/ }\n",
        "nested regex": f"language 1\ntask t {{ accept text last /{'(' * 490}{')' * 490}/ }}\n",
        "template loops": full.replace("{{ prompt }}", "{% for a in history %}" * 200 + "{% endfor %}" * 200),
        "template nesting": full.replace(
            "{{ prompt }}", "{{ " + "(" * 2_000 + "prompt" + ")" * 2_000 + " }}"
        ),
        "template sum": full.replace("{{ prompt }}", "{{ " + "prompt + " * 5_000 + "prompt }}"),
        "template filters": full.replace("{{ prompt }}", "{{ prompt" + "|upper" * 5_000 + " }}"),
        "template openings": full.replace("{{ prompt }}", "{{ " * 15_000),
        "template ranges": full.replace("{{ prompt }}", "{{ 'a'.ljust(999999999) }} {{ 9 ** 9 ** 9 }}"),
        "records": _block('test "t"', "judge x { " + "a: { " * 15 + "}" * 15 + " }"),
        "tiny texts": _block("skill s", 'guidance g# { text """x""" }'),
    }
    return {name: text[:MAX_CHARS] for name, text in shapes.items()}


def run(name: str, text: str, root: Path) -> tuple[float, str]:
    """Seconds for one input, and what went wrong."""
    started = time.process_time()
    problem = ""
    try:
        compile_text(root, text)
        report = Report()
        once = format_source(SourceFile("x.skill", text), report)
        spent = time.process_time() - started
        if once is not None and meaning(once) != meaning(text):
            problem = "formatting changed its meaning"
        if once is not None and format_source(SourceFile("x.skill", once), Report()) != once:
            problem = "formatting twice differs"
    except Exception:
        spent = time.process_time() - started
        problem = traceback.format_exc(limit=-3)
    if spent > LIMIT_S:
        problem += f"took {spent:.2f} s"
    if problem:
        print(f"{name}: {problem.strip()}")
    return spent, problem


def main() -> int:
    """Run all and print a table."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    makers: dict[str, Callable[[int], str]] = {"mutated": mutated, "noise": noise, "program": program}
    rng, bad = random.Random(seed), 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in good_files().items():
            (root / name).write_text(text, encoding="utf-8")
        times: dict[str, list[float]] = {}
        for name, text in hostile().items():
            spent, problem = run(name, text, root)
            times[f"hostile: {name}"] = [spent]
            bad += bool(problem)
        for number in range(count):
            kind = ("mutated", "mutated", "noise", "program")[number % 4]
            key = rng.randrange(2**32)
            spent, problem = run(f"{kind} {key}", makers[kind](key), root)
            times.setdefault(kind, []).append(spent)
            bad += bool(problem)
    print(f"{'inputs':32} {'count':>6} {'median':>9} {'longest':>9}")
    for name, spans in times.items():
        print(
            f"{name:32} {len(spans):6} {statistics.median(spans) * 1000:6.1f} ms {max(spans) * 1000:6.1f} ms"
        )
    print(f"{bad} failed")
    return int(bool(bad))


if __name__ == "__main__":
    sys.exit(main())
