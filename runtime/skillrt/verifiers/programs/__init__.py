"""Programs of responses, run on the examples of a prompt."""
