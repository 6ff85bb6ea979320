"""From the tree to the checked model, with everything that is wrong said at once."""
