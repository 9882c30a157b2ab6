"""An index on a Milvus server, for more than one machine can hold or serve.

    NAME_state              rows of text: the pointer CURRENT, and the parts of each state
    NAME_chunks_1a2b3c4d    a row a chunk: vector, sparse vector of 4-grams, text, lines

Rows of chunks never change. Which of them are live is said by a state (see `state`): the notes with
the numbers of their chunks, sums over the vectors, and how many chunks each 4-gram is in. An ingest
inserts rows that no state names yet, writes a state beside the live one, and publishes it by
replacing the one row CURRENT. What it replaced is deleted by the ingest after, so that whoever has
it open goes on. `rag.index.generations` does the same with files.

The lexical leg is BM25 as a product of sparse vectors: a chunk's hold the weight of each of its
4-grams, a question's the idf of each, from the state.
"""
