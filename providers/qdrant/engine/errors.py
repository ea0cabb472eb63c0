"""What the embedded engine raises."""


class EdgeError(Exception):
    """The embedded engine refused a request; its own exceptions have no type."""


class FilesFailed(EdgeError):
    """The engine could not work with its files."""
