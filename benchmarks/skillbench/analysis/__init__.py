"""What runs say, alone and against each other."""
