"""The server's process: start, workers, stop."""
