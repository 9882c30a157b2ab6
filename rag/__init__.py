"""Question answering over a person's own study notes."""

__version__ = "0.1.0"
