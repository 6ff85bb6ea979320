"""Verifiers: deterministic evidence, found without a model's opinion.

Each is registered under ``name@version``; the version changes when its verdicts may. They fail closed (what
cannot be told is inconclusive), never raise for what a text holds, and do not mind the order of responses.
"""

from skillrt.verifiers.alone import run_examples
from skillrt.verifiers.answers.equal import equal
from skillrt.verifiers.checkers import Checker, ConstraintChecker, PythonChecker, read_checker
from skillrt.verifiers.checklist import checklist_rules
from skillrt.verifiers.programs.example_runs import code_examples
from skillrt.verifiers.references.reference import reference_match
from skillrt.verifiers.results import ItemFinding, ItemsResult, ResponseFinding, WinnerResult
from skillrt.verifiers.run import SANDBOXED, run_verifier

__all__ = [
    "SANDBOXED",
    "Checker",
    "ConstraintChecker",
    "ItemFinding",
    "ItemsResult",
    "PythonChecker",
    "ResponseFinding",
    "WinnerResult",
    "checklist_rules",
    "code_examples",
    "equal",
    "read_checker",
    "reference_match",
    "run_examples",
    "run_verifier",
]
