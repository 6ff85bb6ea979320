"""Reading what a server answers."""
