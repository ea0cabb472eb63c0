"""What the reader means: readings, places of the book, small talk."""
