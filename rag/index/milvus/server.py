"""The calls to a Milvus server: what pymilvus offers, with our errors and in pages."""

import base64
import hashlib
import json
import logging
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

from pymilvus import DataType, MilvusClient, MilvusException

from rag.errors import BadSettings, DamagedIndex, NoIndex, UnreadableIndex
from rag.index.generations import REBUILD

SCHEME = "milvus+"
MOST_FOUND = 16_384
"""Rows of one answer that a server gives unless it was told otherwise (quotaAndLimits.topK)."""
PAGE = 1_000
"""Rows asked for at once: one and a half megabytes of vectors of 384 dimensions."""
MOST_BYTES = 65_535
"""Of a text field."""
_PART = 60_000
_CURRENT = "CURRENT"
_SECONDS = 10.0
"""After which a server that does not answer is given up."""

Row = dict[str, Any]


class Server:
    """A server, and the names under which one index is there."""

    def __init__(self, client: MilvusClient, name: str) -> None:
        self._client = client
        self._name = name
        self._states = f"{name}_state"

    @classmethod
    def connect(cls, address: str) -> Self:
        """Connect to `milvus+http://HOST:19530/NAME`, or to the file of `milvus+FILE.db/NAME`.

        Raises:
            BadSettings: the address names no collection.
            UnreadableIndex: no server answers.
        """
        uri, _, name = address.removeprefix(SCHEME).rpartition("/")
        if not uri or not name.isidentifier() or not name.isascii():
            raise BadSettings(
                f"{address!r} names no collection",
                "write milvus+http://HOST:19530/NAME, with letters, digits and _ in the name",
            )
        # What goes wrong is told by our errors; the libraries log tracebacks of it besides.
        for library in ("pymilvus", "grpc"):
            logging.getLogger(library).setLevel(logging.CRITICAL)
        with _server_errors(uri):
            server = cls(MilvusClient(uri, timeout=_SECONDS), name)
            server._load()
        return server

    def _load(self) -> None:
        """Have the server hold the collections in memory; it searches no others."""
        for name in self._client.list_collections():
            if name == self._states or name.startswith(f"{self._name}_chunks_"):
                self._client.load_collection(name)

    def close(self) -> None:
        """End the connection."""
        self._client.close()

    def prepare(self) -> None:
        """Make the collection of states, if it is not there."""
        with self._errors():
            if self._client.has_collection(self._states):
                return
            schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("key", DataType.VARCHAR, is_primary=True, max_length=128)
            schema.add_field("content", DataType.VARCHAR, max_length=MOST_BYTES)
            # Milvus makes no collection without a vector.
            schema.add_field("nothing", DataType.FLOAT_VECTOR, dim=2)
            self._create(self._states, schema, {"nothing": ("FLAT", "L2")})

    def chunk_collection(self, fingerprint: str, rebuilds: int) -> str:
        """Name the collection of an encoder's chunks after so many rebuilds."""
        digest = hashlib.sha256(f"{fingerprint}\0{rebuilds}".encode()).hexdigest()
        return f"{self._name}_chunks_{digest[:8]}"

    def make_chunks(self, collection: str, dimension: int) -> None:
        """Make a collection of chunks, if it is not there."""
        with self._errors():
            if self._client.has_collection(collection):
                return
            schema = self._client.create_schema(auto_id=False, enable_dynamic_field=False)
            schema.add_field("id", DataType.INT64, is_primary=True)
            schema.add_field("note", DataType.INT64)
            schema.add_field("vector_key", DataType.VARCHAR, max_length=40)
            for name in ("headings", "text", "indexed_text"):
                schema.add_field(name, DataType.VARCHAR, max_length=MOST_BYTES)
            for name in ("start_line", "end_line"):
                schema.add_field(name, DataType.INT64)
            schema.add_field("vector", DataType.FLOAT_VECTOR, dim=dimension)
            schema.add_field("grams", DataType.SPARSE_FLOAT_VECTOR)
            kinds = {"vector": ("AUTOINDEX", "IP"), "grams": ("SPARSE_INVERTED_INDEX", "IP")}
            self._create(collection, schema, kinds)

    def _create(self, collection: str, schema: object, kinds: dict[str, tuple[str, str]]) -> None:
        indexes = self._client.prepare_index_params()
        for field, (kind, metric) in kinds.items():
            indexes.add_index(field, index_type=kind, metric_type=metric)
        self._client.create_collection(
            collection, schema=schema, index_params=indexes, consistency_level="Strong"
        )

    def drop_other_chunks(self, kept: Sequence[str]) -> None:
        """Drop the collections of chunks of this index that are not named."""
        with self._errors():
            for name in self._client.list_collections():
                if name.startswith(f"{self._name}_chunks_") and name not in kept:
                    self._client.drop_collection(name)

    def has(self, collection: str) -> bool:
        """Say whether a collection is there."""
        with self._errors():
            return bool(self._client.has_collection(collection))

    def insert(self, collection: str, rows: Sequence[Row]) -> None:
        """Add rows; they are kept when this returns."""
        with self._errors():
            for start in range(0, len(rows), PAGE):
                self._client.insert(collection, list(rows[start : start + PAGE]))

    def search(
        self, collection: str, field: str, vector: object, count: int, only: str
    ) -> list[tuple[int, float]]:
        """Give the ids of the rows with the greatest inner products, and those, best first."""
        with self._errors():
            (found,) = self._client.search(
                collection,
                [vector],
                anns_field=field,
                limit=min(count, MOST_FOUND),
                filter=only,
                output_fields=["id"],
                search_params={"metric_type": "IP"},
            )
            return [(int(hit["id"]), float(hit["distance"])) for hit in found]

    def select(
        self, collection: str, field: str, values: Sequence[int] | Sequence[str], wanted: list[str]
    ) -> Iterator[Row]:
        """Give the rows in which a field has one of some values, numbers or hexadecimal digits."""
        for start in range(0, len(values), PAGE):
            only = f"{field} in {json.dumps(list(values[start : start + PAGE]))}"
            yield from self.walk(collection, only, wanted)

    def walk(self, collection: str, only: str, wanted: list[str]) -> Iterator[Row]:
        """Go through all rows of a kind."""
        with self._errors():
            pages = self._client.query_iterator(
                collection, batch_size=PAGE, filter=only, output_fields=wanted
            )
            while rows := pages.next():
                yield from rows
            pages.close()

    def delete(self, collection: str, field: str, numbers: Sequence[int]) -> None:
        """Remove the rows in which a field has one of some numbers."""
        with self._errors():
            for start in range(0, len(numbers), PAGE):
                only = f"{field} in {list(numbers[start : start + PAGE])}"
                self._client.delete(collection, filter=only)

    def find_pointer(self) -> str | None:
        """Give the text that names the live state; None if nothing was published."""
        try:
            return self.read_pointer()
        except NoIndex:
            return None

    def read_pointer(self) -> str:
        """Give the text that names the live state; it changes with each that is published.

        Raises:
            NoIndex: nothing was published.
        """
        with self._errors():
            rows = (
                self._client.get(self._states, [_CURRENT], output_fields=["content"])
                if self._client.has_collection(self._states)
                else []
            )
        if not rows:
            raise NoIndex(f"no index {self._name!r} on this server", "run: rag ingest YOUR-NOTES")
        return str(rows[0]["content"])

    def read_state(self) -> bytes:
        """Give the live state as bytes.

        Raises:
            NoIndex: nothing was published.
            DamagedIndex: it is not what was written.
        """
        while True:
            pointer = self.read_pointer()
            try:
                values = json.loads(pointer)
                generation, parts, digest = (
                    values[name] for name in ("generation", "parts", "digest")
                )
                keys = [f"{generation}:{part}" for part in range(parts)]
                with self._errors():
                    rows = self._client.get(self._states, keys, output_fields=["key", "content"])
                found = {row["key"]: row["content"] for row in rows}
                content = base64.b64decode("".join(found.get(key, "") for key in keys))
            except (ValueError, TypeError, KeyError) as error:
                raise DamagedIndex("the state of the index cannot be read", REBUILD) from error
            if hashlib.sha256(content).hexdigest() == digest:
                return content
            if self.read_pointer() == pointer:  # else it was replaced and removed meanwhile
                raise DamagedIndex("the state of the index is not what was written", REBUILD)

    def last_generation(self) -> int:
        """Give the number of the newest state of which anything is there; 0 if there is none."""
        numbers = (key.partition(":")[0] for key in self.texts(""))
        return max((int(number) for number in numbers if number.isdecimal()), default=0)

    def publish(self, generation: int, content: bytes) -> None:
        """Make a state the one that answers: the row that names it is replaced at once."""
        text = base64.b64encode(content).decode("ascii")
        parts = [text[start : start + _PART] for start in range(0, len(text), _PART)]
        for number, part in enumerate(parts):
            self.put(f"{generation}:{number}", part)
        digest = hashlib.sha256(content).hexdigest()
        pointer = {"generation": generation, "parts": len(parts), "digest": digest}
        self.put(_CURRENT, json.dumps(pointer))

    def forget_states(self, kept: Sequence[int]) -> None:
        """Remove the parts of all states but some generations."""
        numbers = {key: key.partition(":")[0] for key in self.texts("")}
        self.remove(
            [
                key
                for key, number in numbers.items()
                if number.isdecimal() and int(number) not in kept
            ]
        )

    def put(self, key: str, content: str) -> None:
        """Write a text under a key, in place of the one that is there."""
        with self._errors():
            row = {"key": key, "content": content, "nothing": [0.0, 0.0]}
            self._client.upsert(self._states, [row])

    def texts(self, prefix: str) -> dict[str, str]:
        """Give the texts whose keys begin so, by key."""
        rows = self.walk(self._states, f'key like "{prefix}%"', ["key", "content"])
        return {row["key"]: row["content"] for row in rows}

    def remove(self, keys: Sequence[str]) -> None:
        """Remove texts."""
        with self._errors():
            if keys:
                self._client.delete(self._states, ids=list(keys))

    def _errors(self) -> AbstractContextManager[None]:
        return _server_errors(self._name)


@contextmanager
def _server_errors(where: str) -> Iterator[None]:
    try:
        yield
    except MilvusException as error:
        reason = str(error.message or error).split("\n")[0][:200]
        raise UnreadableIndex(
            f"Milvus cannot serve {where!r} ({reason})", "is the server running? try again"
        ) from error
