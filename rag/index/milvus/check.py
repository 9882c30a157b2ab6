"""Compare what is on a server with what its state says."""

from rag.errors import DamagedIndex
from rag.index.check import Problem
from rag.index.generations import REBUILD
from rag.index.milvus.reading import MilvusIndex
from rag.index.milvus.server import Server


def check(server: Server) -> list[Problem]:
    """Read the state back against its checksum, and see that each of its chunks is there.

    Raises:
        NoIndex: there is nothing to check.
        UnreadableIndex: the server does not answer.
    """
    try:
        index = MilvusIndex.open(server)
    except DamagedIndex as error:
        return [Problem("state", error.problem, error.remedy)]
    collection = index.state.collection
    if not server.has(collection):
        return [Problem(collection, f"the collection {collection!r} is missing", REBUILD)]
    if missing := index.count_missing():
        return [Problem(collection, f"{missing} chunks are missing", REBUILD)]
    return []
