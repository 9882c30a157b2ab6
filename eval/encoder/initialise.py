"""The student before training: the teacher's layers, and token vectors by ridge regression.

English pieces keep the teacher's vectors. Those of the others solve a linear problem: the
idf-weighted mean of the pieces of a sentence should be that of its English translation. This alone
gives an encoder that finds the right Romanian paragraph first for .55 of XQuAD's questions.
"""

from collections.abc import Sequence

import numpy as np
import scipy.sparse as sp
import torch
from numpy.typing import NDArray
from tokenizers import Tokenizer
from transformers import BertModel

from eval.encoder.vocabulary import batches

RIDGE = 0.02
"""Pulls a rare piece towards the mean; with sentences as rows of sum 1, about one occurrence."""

STEPS = 25
"""Of the conjugate gradients; the residual has stopped falling by then."""

Matrix = NDArray[np.float32]


def weighted_bags(tokenizer: Tokenizer, texts: Sequence[str]) -> sp.csr_matrix:
    """Give each text as idf weights of its pieces: [texts, vocabulary], rows of sum 1 or 0."""
    rows: list[NDArray[np.int64]] = []
    columns: list[NDArray[np.int64]] = []
    done = 0
    for batch in batches(texts):
        for encoding in tokenizer.encode_batch_fast(batch, add_special_tokens=False):
            ids = np.array(encoding.ids, dtype=np.int64)
            rows.append(np.full(len(ids), done))
            columns.append(ids)
            done += 1
    place = np.concatenate(rows), np.concatenate(columns)
    shape = (len(texts), tokenizer.get_vocab_size())
    bags = sp.csr_matrix((np.ones(len(place[0]), np.float32), place), shape=shape)
    bags.sum_duplicates()
    frequency = np.bincount(bags.indices, minlength=shape[1])
    bags = bags @ sp.diags(np.log(1 + shape[0] / (1 + frequency)).astype(np.float32))
    sums = np.asarray(bags.sum(axis=1)).ravel()
    return sp.csr_matrix(sp.diags((1 / np.maximum(sums, 1e-6)).astype(np.float32)) @ bags)


def solve_ridge(bags: sp.csr_matrix, wanted: Matrix, prior: Matrix, *, ridge: float) -> Matrix:
    """Minimise |bags X - wanted|^2 + ridge |X - prior|^2 by conjugate gradients on all columns.

    Args:
        bags: [texts, vocabulary].
        wanted: [texts, width].
        prior: [vocabulary, width].
        ridge: above 0.

    Returns:
        X, [vocabulary, width].
    """
    transposed = bags.T.tocsr()
    change = np.zeros_like(prior)
    residual: Matrix = transposed @ (wanted - bags @ prior)
    direction = residual.copy()
    squares = (residual**2).sum(0)
    for _ in range(STEPS):
        image = transposed @ (bags @ direction) + ridge * direction
        step = squares / np.maximum((direction * image).sum(0), 1e-12)
        change += step * direction
        residual -= step * image
        following = (residual**2).sum(0)
        direction = residual + direction * (following / np.maximum(squares, 1e-12))
        squares = following
    return prior + change


def token_vectors(
    student: Tokenizer,
    teacher: Tokenizer,
    table: Matrix,
    english: Sequence[str],
    other: Sequence[str],
) -> Matrix:
    """Give the student's token table.

    Args:
        student: its tokenizer.
        teacher: its tokenizer.
        table: the teacher's token table, [teacher's vocabulary, width].
        english: sentences.
        other: their translations.

    Returns:
        [student's vocabulary, width]; what both know is the teacher's, the others have its mean
        length.
    """
    middle = table.mean(axis=0)
    centred = table - middle
    theirs, ours = teacher.get_vocab(), student.get_vocab()
    shared = [(place, theirs[piece]) for piece, place in ours.items() if piece in theirs]
    own, known = (np.array(column) for column in zip(*shared, strict=True))
    prior = np.zeros((len(ours), table.shape[1]), np.float32)
    prior[own] = centred[known]
    wanted = weighted_bags(teacher, english) @ centred
    solved = solve_ridge(weighted_bags(student, other), wanted, prior, ridge=RIDGE)
    lengths = np.maximum(np.linalg.norm(solved, axis=1, keepdims=True), 1e-3)
    solved *= np.linalg.norm(centred, axis=1).mean() / lengths
    solved[own] = centred[known]
    return np.asarray(solved + middle, dtype=np.float32)


def replace_table(model: BertModel, table: Matrix) -> None:
    """Give a model another token table, and with it another vocabulary."""
    model.resize_token_embeddings(len(table), mean_resizing=False)
    with torch.no_grad():
        model.embeddings.word_embeddings.weight.copy_(torch.from_numpy(table))
