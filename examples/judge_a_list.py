"""Judge many pairs at once against a server, each in both orders, and say what the judge made of them.

python judge_a_list.py http://127.0.0.1:8000/v1 MODEL
"""

import sys

from skillrt import Judge

PAIRS = [
    {"prompt": "How much is 17 + 25?", "responses": {"A": "42", "B": "43"}},
    {"prompt": "Name a prime number above 10.", "responses": {"A": "12", "B": "11"}},
    {"prompt": "Answer with one word: the capital of Italy?", "responses": {"A": "Rome", "B": "It is Rome."}},
]

base_url, model = sys.argv[1:3]
with Judge("reward_judge_fair", task="judgebench", base_url=base_url, model=model, concurrency=8) as judge:
    for pair, judgment in zip(PAIRS, judge.judge_all(PAIRS), strict=True):
        verdict = judgment.verdict
        print(f"{pair['prompt']} -> {verdict.outcome if verdict.valid else verdict.error}")
    both = judge.both_orders(PAIRS[0])
    print(f"both orders agree: {both.consistent}, winner {both.winner}")
