"""What runs in the worker process of ``expressions``, which imports nothing else of ours.

The engines stay out of the caller's process that way. The modules import one another relatively, for the
worker knows them by a shorter name.
"""
