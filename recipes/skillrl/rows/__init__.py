"""What a row of training data says, whoever made it."""
