"""How many chunks a second an encoder embeds on this machine. Knows nothing of which encoder."""

import time
from collections.abc import Callable

from rag.encoders import Encoder

TEXTS = (
    "Rețelele neuronale recurente păstrează o stare ascunsă între cuvinte.",
    "Drzewo decyzyjne dzieli dane tak, żeby każda gałąź była czystsza niż całość.",
    "O gradiente aponta para onde a perda cresce mais, por isso damos o passo contrário.",
    "A retrieval system is measured by the share of relevant passages that it finds.",
    "Atenția cântărește fiecare cuvânt după cât de mult îi pasă întrebării de el.",
    "Las losowy uśrednia wiele drzew, a każde z nich widziało inny zbiór przykładów.",
    "O tamanho do passo é a taxa de aprendizagem, que diminui com o tempo.",
    "Reciprocal rank asks how far down the first of them stands.",
)
CHUNKS = tuple(" ".join(TEXTS[place:] + TEXTS[:place]) for place in range(len(TEXTS))) * 2
"""Of 590 characters each, as most chunks of notes are; enough for two cores and a batch."""

SECONDS = 2.0
"""Some rounds of a small model; one round of a large one takes longer."""


def measure(encoder: Encoder, clock: Callable[[], float] = time.perf_counter) -> float:
    """Embed the same chunks again and again for SECONDS, at least once.

    Args:
        encoder: loaded, and warmed here by one text.
        clock: seconds, ever growing.

    Returns:
        Chunks a second, of the quickest round: the one that other programs disturbed least.

    Raises:
        NoModel: it cannot embed.
    """
    encoder.encode_passages(CHUNKS[:1])
    best, begun = 0.0, clock()
    while not best or clock() - begun < SECONDS:
        started = clock()
        encoder.encode_passages(CHUNKS)
        best = max(best, len(CHUNKS) / (clock() - started))
    return best
