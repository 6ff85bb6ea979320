"""Tokens, outline and parse: from source text to the nodes of the grammar."""
