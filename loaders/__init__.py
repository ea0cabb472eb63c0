"""From a book's sources to chunks in a collection: loaders, splitter, index."""
