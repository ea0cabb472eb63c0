"""What the book holds about a question, and whether that answers it."""
