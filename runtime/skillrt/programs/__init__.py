"""A compiled skill made ready, and the view of a sample that a judge may have."""
