"""Book Chat as an installed program. The service itself lies beside this file, in ``app``."""
