"""From the checked model to artifacts."""
