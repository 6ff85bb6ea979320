"""The files of a project: finding them, their names, what they extend."""
