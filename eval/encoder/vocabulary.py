"""The student's tokenizer: pieces of the teacher's English vocabulary, and new ones from text.

Texts are lower-cased and lose their diacritics before they are looked up, so that a question typed
without them is the same question.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import islice

from tokenizers import Tokenizer, decoders, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from tokenizers.trainers import WordPieceTrainer

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
"""In this order: the exported graph and the batches take [PAD] to be 0."""

UNKNOWN = SPECIAL[1]

WRITTEN_OUT = {"ł": "l", "đ": "d", "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss"}
"""Letters that Unicode does not take apart into a letter and a mark."""

LONGEST_WORD = 64
"""Characters; a longer word is unknown."""

LEAST_SEEN = 5
"""A piece of the teacher's is kept if the English side has it this often, ..."""

COMMON_PIECES = 22_000
"""... or if it is among this many first ones, which are its most frequent, and plain letters."""

BATCH = 20_000


def make_tokenizer(pieces: Iterable[str]) -> Tokenizer:
    """Make a WordPiece tokenizer of the pieces, special ones first."""
    vocabulary = {piece: place for place, piece in enumerate(dict.fromkeys((*SPECIAL, *pieces)))}
    model = WordPiece(vocabulary, unk_token=UNKNOWN, max_input_chars_per_word=LONGEST_WORD)
    tokenizer = Tokenizer(model)
    tokenizer.normalizer = normalizers.Sequence(
        [
            normalizers.NFKC(),
            normalizers.Lowercase(),
            *(normalizers.Replace(letter, plain) for letter, plain in WRITTEN_OUT.items()),
            normalizers.NFD(),
            normalizers.StripAccents(),
        ]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece()
    ends = [(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")]
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=ends
    )
    return tokenizer


def build_tokenizer(
    teacher: Tokenizer, english: Iterable[str], other: Iterable[str], new_pieces: int
) -> Tokenizer:
    """Join the teacher's pieces that are in use with `new_pieces` trained on the other languages.

    Args:
        teacher: the English tokenizer.
        english: English sentences, to see which of its pieces are in use.
        other: sentences of the other languages, in the proportions that they should have.
        new_pieces: to train; those that English has already are not added again.
    """
    kept = kept_pieces(teacher, english)
    fresh = make_tokenizer(())
    trainer = WordPieceTrainer(
        vocab_size=new_pieces, special_tokens=list(SPECIAL), min_frequency=LEAST_SEEN
    )
    fresh.train_from_iterator(other, trainer)
    trained = fresh.get_vocab()
    return make_tokenizer((*kept, *sorted(trained, key=lambda piece: trained[piece])))


def kept_pieces(teacher: Tokenizer, english: Iterable[str]) -> list[str]:
    """Give the teacher's pieces that the student keeps, in the teacher's order."""
    seen: Counter[str] = Counter()
    for batch in batches(english):
        for encoding in teacher.encode_batch_fast(batch, add_special_tokens=False):
            seen.update(encoding.tokens)
    places = teacher.get_vocab()

    def is_kept(piece: str) -> bool:
        bare = piece.removeprefix("##")
        plain = bare.isascii() and bare.isalnum()
        common = plain and places[piece] < COMMON_PIECES
        return seen[piece] >= LEAST_SEEN or common or (len(bare) == 1 and bare.isascii())

    return sorted(filter(is_kept, places), key=lambda piece: places[piece])


def batches(texts: Iterable[str]) -> Iterator[list[str]]:
    """Cut texts into lists of at most BATCH."""
    remaining = iter(texts)
    while batch := list(islice(remaining, BATCH)):
        yield batch
