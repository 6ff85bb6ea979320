"""Answers: read into trees (``reading``), compared by kind (``compare``), and ``equal``, the door to both."""
