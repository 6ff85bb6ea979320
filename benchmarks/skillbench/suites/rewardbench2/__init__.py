"""RewardBench 2."""
