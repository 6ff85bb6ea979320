"""Score rollouts as a trainer would, in a loop of your own.

python reward_in_a_loop.py http://127.0.0.1:8000/v1 MODEL
"""

import asyncio
import json
import sys

from skillrl.reward import close_sessions, compute_score

NO_COMMA = "def check_following(instruction, response):\n    return ',' not in response"
TRUTH = json.dumps(
    {
        "prompt": "Describe a tree without a comma.",
        "checklist": ["There is no comma.", "A tree is described."],
        "checkers": [NO_COMMA, None],
    }
)
ROLLOUTS = ["A tall oak with a broad crown.", "A tall, broad oak."]


async def main(base_url: str, model: str) -> None:
    """Score all rollouts at once and print what each is worth."""
    judge = {"base_urls": [base_url], "model": model}
    scores = await asyncio.gather(
        *(compute_score("trees", rollout, TRUTH, None, **judge) for rollout in ROLLOUTS)
    )
    for rollout, found in zip(ROLLOUTS, scores, strict=True):
        print(f"{found['score']:.2f} {rollout}")
    await close_sessions()


asyncio.run(main(*sys.argv[1:3]))
