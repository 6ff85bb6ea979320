"""From nodes to the typed tree."""
