"""The second target: Agent Skills packages that other agents load."""
