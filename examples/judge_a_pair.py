"""Judge one pair of responses by the embedded judge, which ``make demo`` installs."""

from skillrt import Judge

with Judge("reward_judge_fair", task="judgebench", base_url="local") as judge:
    judgment = judge.judge(prompt="How much is 2 + 2?", responses={"A": "4", "B": "It is 5."})
    print(judgment.verdict.outcome, judgment.verdict.reason)
