"""Judging a suite: the plan, the workers, the progress."""
