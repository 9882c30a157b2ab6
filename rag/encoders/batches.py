"""Which texts are embedded together. Knows lengths only."""

from collections.abc import Sequence


def plan_batches(lengths: Sequence[int], *, padded_tokens: int) -> list[list[int]]:
    """Group texts of like length, longest first, so that little is computed on padding.

    Args:
        lengths: tokens of each text.
        padded_tokens: bound on rows times longest row of a batch; a longer text stands alone.

    Returns:
        Batches of positions in `lengths`; each position once. In each batch the longest is first.
    """
    batches: list[list[int]] = []
    for position in sorted(range(len(lengths)), key=lambda place: -lengths[place]):
        if batches and lengths[batches[-1][0]] * (len(batches[-1]) + 1) <= padded_tokens:
            batches[-1].append(position)
        else:
            batches.append([position])
    return batches
