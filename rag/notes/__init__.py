"""From a folder of Markdown files to chunks: find, read, parse, detect the language, chunk."""

CHUNKING = 2
"""Raised when the same note would be cut otherwise: an index of another number is rebuilt."""
