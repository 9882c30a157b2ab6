"""What is done to a text before a tokenizer sees it, and to an error before a person does.

Nothing in a note may stop or stall a tokenizer. Knows nothing of models.
"""

from collections.abc import Iterator

SLICE = 50_000
"""Characters tokenized at once: at worst 27 MB, where a million in one call took 540 MB."""


def make_encodable(text: str) -> str:
    """Replace lone surrogates, which are not characters and which tokenizers refuse, by `?`."""
    return text.encode("utf-8", "replace").decode("utf-8")


def slices(text: str) -> Iterator[str]:
    """Cut a text into parts of at most SLICE characters that joined are the text.

    A cut falls before white space where there is any, so that no word is cut in two and the parts'
    tokens are the text's; a run of 50,000 letters without a space is cut anywhere.
    """
    start = 0
    while len(text) - start > SLICE:
        end = start + SLICE
        space = max(text.rfind(" ", start + 1, end), text.rfind("\n", start + 1, end))
        end = space if space > 0 else end
        yield text[start:end]
        start = end
    yield text[start:]


def first_line(error: BaseException) -> str:
    """Give what a library's error says in one line of at most 200 characters."""
    return (str(error).strip() or type(error).__name__).splitlines()[0][:200]
