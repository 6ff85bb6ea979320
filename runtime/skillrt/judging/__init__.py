"""The judge loop, its tools and its readout."""
