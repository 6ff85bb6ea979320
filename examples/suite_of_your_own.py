"""A benchmark of your own: pairs with one right response, judged in both orders.

In a package of yours the class is found by name, through the entry point group ``skillbench.suites``;
docs/add-a-benchmark.md goes on from here. This file judges three rows without a model.
"""

import json
import tempfile
from pathlib import Path

from skillbench.suites.base import predict
from skillbench.suites.pairs import Pair, PairSuite, placed
from skillbench.suites.rows import Row
from skillbench.suites.source import Source
from skillrt import Judge

ROWS = [
    {"id": 1, "question": "How much is 6 * 7?", "right": "42", "wrong": "41, I believe."},
    {"id": 2, "question": "Is 2 ** 5 above 5 ** 2?", "right": "Yes, 32 to 25.", "wrong": "No."},
    {"id": 3, "question": "Name an even prime.", "right": "2", "wrong": "9 is the even prime."},
]


class Sums(PairSuite):
    """The suite ``sums``; it borrows a task that shows a prompt and two responses."""

    name = "sums"
    tasks = ("starter",)
    shown = {"question": "prompt", "right": "responses", "wrong": "responses"}  # noqa: RUF012
    source = Source(title="Sums, an example", home="examples", license="Apache-2.0")

    def read(self, row: Row) -> Pair:
        """Read and check one row."""
        ident = row.ident("id")
        responses, better = placed(f"sums {ident}", row.text("right"), row.text("wrong"))
        prompt = row.text("question")
        return Pair(ident=ident, group="sums", prompt=prompt, responses=responses, better=better, about={})


with (
    tempfile.TemporaryDirectory() as folder,
    Judge(task="starter", base_url="control:always-longest") as judge,
):
    data = Path(folder, "rows.jsonl")
    data.write_text("".join(json.dumps(row) + "\n" for row in ROWS))
    suite = Sums((data,))
    predictions = []
    for job in suite.jobs():
        judgment = judge.judge(job.case.fields)
        predictions.append(predict(job.case, suite.mark(job.sealed, judgment.verdict), judgment))
    overall = suite.score(predictions).said["sums.overall"]
    print(f"{overall.value:.1f}% ({overall.low:.1f} to {overall.high:.1f}) of {overall.of} pairs")
