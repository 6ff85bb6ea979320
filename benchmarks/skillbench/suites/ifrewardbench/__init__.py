"""IF-RewardBench."""
