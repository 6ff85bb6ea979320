"""From the text of an answer to its tree: dress off, tokens, expressions, whole answers."""
