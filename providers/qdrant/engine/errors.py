"""What the embedded engine raises."""


class EdgeError(Exception):
    """The embedded engine refused a request; its own exceptions have no type."""
