"""JudgeBench."""
