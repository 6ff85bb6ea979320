"""What the verbs of ``skillc`` do."""
