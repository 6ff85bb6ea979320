"""GRPO for real on a CPU: verl's trainer, our reward, rules in the sandbox, a scripted judge that is slow
and fails at times.

    python tests/recipes/grpo_cpu.py --steps 40
    python tests/recipes/grpo_cpu.py --prove

The first trains and writes ``curve.json`` and ``curve.svg``; the second tries the same seed twice, a resumed
run and two ranks, and prints a line for each. Needs verl (see docs/train.md).
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from reward_support import response_in
from scripted_server import Call, Reply, ScriptedServer, Status, Turn
from training_curve import Line, rollouts, write_curve
from verl_training import REWARD, new_folder, step_times, train

from skillrl.cpu.tiny import make_policy, make_tokenizer
from skillrl.data.prepare import prepare

HEAD = "def check_following(instruction, response):\n    "
LETTERS = (
    HEAD + "return sum(c.isascii() and c.isalpha() for c in response) >= {share} * max(1, len(response))"
)
FAILS = 40
"""One request in so many fails."""
SAVED = 2
"""The step after which the run that is resumed was stopped."""
CLOSE = 0.75
"""The share of later rollouts that must be equal: which requests were generated together decides the last
bits of a number, and two runs without a break drift apart by them too."""
RANKS = ("trainer.n_gpus_per_node=2", "+ray_kwargs.ray_init.num_gpus=2")
LINES = (
    Line("score", "reward", "#3b82c4"),
    Line("rule_score", "rules", "#4d9e5c", faint=True),
    Line("judge_score", "judge", "#a855c8", faint=True),
    Line("judge_failed", "judgments that failed", "#d0543c", faint=True),
)


def rows() -> list[dict[str, Any]]:
    """Sixteen instructions with six rules and one demand that the judge decides."""
    made = []
    for letter in "abcdefghijklmnop":
        rules = [LETTERS.format(share=share) for share in (0.2, 0.4, 0.6, 0.8)]
        rules += [HEAD + f"return response.count({letter!r}) >= {least}" for least in (1, 3)]
        made.append(
            {
                "id": letter,
                "prompt": f"Write the letter {letter}.",
                "checkers": [*(f"[rule] Rule {n}." for n in range(1, 7)), "[llm] Nothing but letters."],
                "functions": [*rules, "import llm_call"],
            }
        )
    return made


def judge(turn: Turn) -> Reply:
    """Decide the last item by the response. Which requests fail, and for good, hangs on their text alone, so
    that two runs see the same failures."""
    if zlib.crc32(turn.text.encode()) % FAILS == 0:
        return Status(400)
    met = response_in(turn).isalpha()
    finding = {"status": "satisfied", "failure": None, "why": None, "cites": []}
    last = finding if met else {**finding, "status": "failed", "failure": "forbidden_there", "why": "signs"}
    findings = [{"item": n, **finding} for n in range(1, 7)] + [{"item": 7, **last}]
    return Call("final_answer", {"findings": findings, "reason": "scripted"})


def run(out: Path, name: str, steps: int, more: Sequence[str]) -> int:
    """Train in ``out/name`` with a judge of its own; return how many requests the judge got, -1 where
    verl failed."""
    with ScriptedServer(judge, latency_s=0.1) as server:
        judged = (
            f"{REWARD}.base_urls='{server.base_url}'",
            f"{REWARD}.model={server.model}",
            f"{REWARD}.deadline_s=20",
        )
        failed = train(out / name, out / "data", out / "policy", steps, [*judged, *more])
        return -1 if failed else len(server.requests)


def show_training(out: Path, steps: int, more: Sequence[str]) -> bool:
    """Train, draw the curve, and say what came of it."""
    began = time.monotonic()
    asked = run(out, ".", steps, more)
    if asked < 0:
        return False
    took = time.monotonic() - began
    points = write_curve(
        out, LINES, "A random policy on sixteen small instructions, rules and a scripted judge"
    )
    print(f"{len(points)} steps in {took:.0f} s, {statistics.median(step_times(out).values()):.1f} s a step")
    print(f"{asked} requests to the judge")
    first, last = points[0], points[-1]
    print(f"mean reward {first['score']:.3f} in step 1, {last['score']:.3f} in step {last['step']:.0f}")
    return True


def shown(run: Path, *steps: int) -> list[tuple[str, str, float]]:
    """Prompt, text and reward of the rollouts of some steps, in an order of their own."""
    found = (line for step, lines in rollouts(run) if step in steps for line in lines)
    return sorted((line["input"], line["output"], line["score"]) for line in found)


def prove(out: Path, more: Sequence[str]) -> bool:
    """Run four steps, the same in two halves with a checkpoint between, and two steps on two ranks; say
    whether seed and checkpoint bring back the same rollouts."""
    halves = [f"trainer.save_freq={SAVED}", "trainer.resume_mode=auto", *more]
    plan = [("whole", 2 * SAVED, more), ("halves", SAVED, halves), ("halves", 2 * SAVED, halves)]
    for name, steps, settings in plan:
        if run(out, name, steps, settings) < 0:
            return False
    whole, parts = shown(out / "whole", 1), shown(out / "halves", 1)
    same = bool(whole) and whole == parts
    print(
        f"same seed: the {len(whole)} rollouts of step 1 are {'' if same else 'NOT '}equal "
        "in prompt, text and reward"
    )
    resumed = "setting global step to 2" in (out / "halves/train.log").read_text(errors="replace")
    later = range(SAVED + 1, 2 * SAVED + 1)
    whole, parts = shown(out / "whole", *later), shown(out / "halves", *later)
    prompts = [line[0] for line in whole] == [line[0] for line in parts]
    equal = (Counter(whole) & Counter(parts)).total()
    kept = resumed and prompts and equal >= CLOSE * len(whole)
    print(
        f"resume: {'from' if resumed else 'NOT from'} the checkpoint of step {SAVED}; steps {later[0]} to "
        f"{later[-1]} have {'the' if prompts else 'NOT the'} prompts, and {equal} of the {len(whole)} "
        "rollouts, of a run without a break"
    )
    asked = run(out, "ranks", SAVED, [*RANKS, *more])
    count = len(shown(out / "ranks", *range(1, SAVED + 1)))
    print(f"two ranks: {'trained' if asked > 0 else 'failed'}, {count} rollouts in {SAVED} steps")
    return same and kept and asked > 0


def main() -> int:
    """Build the policy, prepare the rows, and train or prove."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a folder without a run (default: a new one in runs)")
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--prove", action="store_true", help="check seed, resume and two ranks instead")
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    args = parser.parse_args()
    out = new_folder(args.out, "grpo")
    if out is None:
        return 2
    (out / "policy").mkdir(parents=True, exist_ok=True)
    make_tokenizer(out / "policy")
    print(f"policy of {make_policy(out / 'policy'):,} weights")
    raw = out / "rows.jsonl"
    raw.write_text("".join(json.dumps(row) + "\n" for row in rows()))
    prepare("verinstruct", raw, out / "data", seed=0, validation=4, limit=None)
    done = prove(out, args.overrides) if args.prove else show_training(out, args.steps, args.overrides)
    return 0 if done else 1


if __name__ == "__main__":
    sys.exit(main())
