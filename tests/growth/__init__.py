"""Does the time that code takes grow with its input, or with the input's square?"""
