"""LlamaIndex doing what `rag search` does, for eval/bench_search.py; runs in a Python of its own.

    python eval/bench_search_peer.py check|build|warm|cold FOLDER

FOLDER holds what bench_search.py wrote: `chunks.json` (texts), `vectors.npy` (shape [chunks,
dimension]), `questions.json`, `encoder.txt` (a sentence-transformers folder). `build` keeps an
index beside them: FAISS with these vectors, as embedding is not what is compared, and BM25 (bm25s).
`warm` prints each question's seconds, by the clock and of CPU, as JSON; `cold` answers one and
prints nothing.
"""

import json
import sys
import time
from pathlib import Path

import faiss
import numpy as np
import torch
from llama_index.core import StorageContext, VectorStoreIndex, load_index_from_storage
from llama_index.core.llms import MockLLM
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.retrievers.fusion_retriever import FUSION_MODES
from llama_index.core.schema import TextNode
from llama_index.embeddings.huggingface import HuggingFaceEmbedding
from llama_index.retrievers.bm25 import BM25Retriever
from llama_index.vector_stores.faiss import FaissVectorStore

COUNT = 5


def open_encoder(folder: Path) -> HuggingFaceEmbedding:
    """Load the encoder of the index; in fp32, as fp16 is slow on a CPU."""
    name = (folder / "encoder.txt").read_text(encoding="utf-8")
    return HuggingFaceEmbedding(name, device="cpu", model_kwargs={"dtype": torch.float32})


def build(folder: Path) -> None:
    """Make both legs and keep them."""
    texts = json.loads((folder / "chunks.json").read_text(encoding="utf-8"))
    vectors = np.load(folder / "vectors.npy")
    nodes = [
        TextNode(id_=str(row), text=text, embedding=vector.tolist())
        for row, (text, vector) in enumerate(zip(texts, vectors, strict=True))
    ]
    store = FaissVectorStore(faiss_index=faiss.IndexFlatIP(vectors.shape[1]))
    storage = StorageContext.from_defaults(vector_store=store)
    index = VectorStoreIndex(nodes, storage_context=storage, embed_model=open_encoder(folder))
    index.storage_context.persist(str(folder / "dense"))
    BM25Retriever.from_defaults(nodes=nodes, similarity_top_k=COUNT).persist(
        str(folder / "lexical")
    )


def open_retriever(folder: Path) -> QueryFusionRetriever:
    """Open what `build` kept: two legs, fused by standardised scores."""
    place = str(folder / "dense")
    store = FaissVectorStore.from_persist_dir(place)
    storage = StorageContext.from_defaults(vector_store=store, persist_dir=place)
    index = load_index_from_storage(storage, embed_model=open_encoder(folder))
    dense = index.as_retriever(similarity_top_k=COUNT)
    lexical = BM25Retriever.from_persist_dir(str(folder / "lexical"))
    return QueryFusionRetriever(
        [dense, lexical],
        llm=MockLLM(),  # it would write more questions; one is asked here
        mode=FUSION_MODES.DIST_BASED_SCORE,
        similarity_top_k=COUNT,
        num_queries=1,
        use_async=False,
    )


def main() -> None:
    """Do what the command line says."""
    task, folder = sys.argv[1], Path(sys.argv[2])
    if task == "build":
        build(folder)
    if task not in ("warm", "cold"):
        return
    questions = json.loads((folder / "questions.json").read_text(encoding="utf-8"))
    retriever = open_retriever(folder)
    found = retriever.retrieve(questions[0])
    if len(found) != COUNT:
        raise SystemExit(f"{len(found)} passages were found instead of {COUNT}")
    if task == "cold":
        return
    times = []
    for question in questions:
        start, cpu = time.perf_counter(), time.process_time()
        retriever.retrieve(question)
        times.append((time.perf_counter() - start, time.process_time() - cpu))
    print(json.dumps(times))


if __name__ == "__main__":
    main()
