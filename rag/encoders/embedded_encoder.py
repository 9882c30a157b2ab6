"""The encoder that comes with the package: six BERT layers in ONNX Runtime, on the CPU.

Neither torch nor transformers is imported: they take 3.5-6 s of a process that answers one question
in half a second without them. `embedded/README.md` says what the model is.
"""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import numpy as np
import onnxruntime
from tokenizers import Tokenizer

from rag.encoders import Vectors
from rag.encoders.batches import plan_batches
from rag.encoders.cores import count_cores, multiplies_bytes
from rag.encoders.manifest import BYTE_GRAPH, GRAPH, REMEDY, Manifest
from rag.encoders.text import first_line, make_encodable, slices
from rag.errors import NoModel

FOLDER = Path(__file__).parent / "embedded"

PADDED_TOKENS = 512
"""A batch of this size stays in a core's L2 cache through a layer. Chunks of ~180 tokens for each
second of CPU: 192 padded tokens 31.9, 384 32.5, 512 32.7, 1,024 31.1, 2,048 28.4."""

MOST_THREADS = 16
"""Each thread holds a batch's activations, about 30 MB; few laptops have more cores than this."""

CHARACTERS_PER_TOKEN = 100
"""A token is at most 64 characters, so what lies beyond this many per token that is read is cut off
before tokenizing, which takes up to 1.5 s for a megabyte."""


class EmbeddedEncoder:
    """The default encoder; satisfies `Encoder`. Safe to share between threads.

    Making one reads a small manifest; the tokenizer (30 ms) and the session (100 ms, 150 in bytes)
    are loaded when first used.

    There is one session, of one thread; several Python threads run it at once, each on its own
    batch (a run releases the interpreter lock). Against one session of many threads this needs no
    second session for questions, leaves no thread spinning (two spinning threads on a busy machine
    took a question from 30 ms to 1 s), and loses less where another process takes a core: at the
    same batches 29 chunks/s against 24, and on two idle cores as many.

    Args:
        folder: the model, as `eval/encoder/export_onnx.py` leaves it.
        threads: batches embedded at once; 0: one for each core, up to 16.
        bytewise: whether weights are multiplied in 8 bits, at twice the speed; None: where the
            processor is known to do that well. The vectors are not quite the same (cosine .996),
            and find the same: the figures are in `eval/LOG.md`.

    Raises:
        NoModel: a file of the model is missing or damaged; also from the methods.
    """

    def __init__(
        self, folder: Path = FOLDER, *, threads: int = 0, bytewise: bool | None = None
    ) -> None:
        self._folder = folder.resolve()  # ONNX Runtime wants the weights truly beside the graph
        self._threads = threads or min(count_cores(), MOST_THREADS)
        in_bytes = multiplies_bytes() if bytewise is None else bytewise
        self._graph = BYTE_GRAPH if in_bytes else GRAPH
        self._manifest = Manifest.read(self._folder)

    @property
    def name(self) -> str:
        """`embedded`."""
        return "embedded"

    @cached_property
    def fingerprint(self) -> str:
        """Changes with the weights, the graphs, the tokenizer and the length that is read.

        Not with the graph that this processor runs: an index made on one is searched on another.
        """
        return self._manifest.fingerprint

    @property
    def dimension(self) -> int:
        """384 for the model that comes with the package."""
        return self._manifest.dimension

    @property
    def max_tokens(self) -> int:
        """190: the model was trained on 192 tokens, of which `[CLS]` and `[SEP]` are two.

        It has positions up to 512, but those beyond 192 are another model's, never trained with
        this vocabulary.
        """
        return self._manifest.max_tokens

    def count_tokens(self, texts: Sequence[str]) -> list[int]:
        """Count each text's tokens, special ones not counted, uncut."""
        tokenizer = self._tokenizer
        return [
            sum(len(tokenizer.encode(part, add_special_tokens=False)) for part in slices(text))
            for text in map(make_encodable, texts)
        ]

    def encode_passages(self, texts: Sequence[str]) -> Vectors:
        """Embed passages, in the order given.

        Returns:
            float32 [texts, dimension], rows of length 1; an empty text has a vector too.
        """
        vectors = np.empty((len(texts), self.dimension), dtype=np.float32)
        if not texts:
            return vectors
        rows = [self._token_ids(text) for text in texts]
        lengths = [len(row) for row in rows]
        # Fewer texts than fill every thread are spread over the threads all the same.
        share = -(-sum(lengths) // self._threads)
        batches = plan_batches(lengths, padded_tokens=min(PADDED_TOKENS, share))
        session = self._session

        def run(batch: list[int]) -> None:
            vectors[batch] = embed(session, [rows[position] for position in batch])

        if len(batches) == 1 or self._threads == 1:
            for batch in batches:
                run(batch)
            return vectors
        with ThreadPoolExecutor(min(self._threads, len(batches))) as pool:
            for _ in pool.map(run, batches):
                pass
        return vectors

    def encode_questions(self, texts: Sequence[str]) -> Vectors:
        """Embed questions like passages: the model was trained without prompts."""
        return self.encode_passages(texts)

    def _token_ids(self, text: str) -> list[int]:
        """Tokenize one text, cut to the model's length, `[CLS]` and `[SEP]` around it.

        One at a time: `encode_batch` would start threads of its own, about which every later fork
        prints a warning, and tokenizing is 2 % of the work.
        """
        head = make_encodable(text[: self.max_tokens * CHARACTERS_PER_TOKEN])
        encoding = self._tokenizer.encode(head, add_special_tokens=False)
        encoding.truncate(self.max_tokens)
        ids: list[int] = self._tokenizer.post_process(encoding).ids
        return ids

    @cached_property
    def _tokenizer(self) -> Tokenizer:
        try:
            return Tokenizer.from_file(str(self._folder / "tokenizer.json"))
        except Exception as error:  # the library raises nothing narrower
            raise NoModel(f"the embedded model is damaged: {first_line(error)}", REMEDY) from error

    @cached_property
    def _session(self) -> onnxruntime.InferenceSession:
        onnxruntime.disable_telemetry_events()  # its Windows build has events; elsewhere nothing
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors only: standard error is for people
        try:
            return onnxruntime.InferenceSession(
                str(self._folder / self._graph), options, providers=["CPUExecutionProvider"]
            )
        except Exception as error:  # the library's errors share no narrower class
            raise NoModel(f"the embedded model is damaged: {first_line(error)}", REMEDY) from error


def embed(session: onnxruntime.InferenceSession, rows: Sequence[Sequence[int]]) -> Vectors:
    """Run the model on one batch.

    Args:
        session: of the exported graph.
        rows: token ids of each text, special ones included.

    Returns:
        float32 [rows, dimension], rows of length 1.
    """
    longest = max(map(len, rows))
    ids = np.zeros((len(rows), longest), dtype=np.int64)  # [PAD] is 0
    mask = np.zeros_like(ids)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = row
        mask[place, : len(row)] = 1
    vectors: Vectors = session.run(["embedding"], {"input_ids": ids, "attention_mask": mask})[0]
    return vectors
