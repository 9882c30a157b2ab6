"""What the page in `app.py` is made of: opening the index, cards, and safe Markdown."""
