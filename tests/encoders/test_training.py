"""How the encoder is trained, with real classes and a tiny model: seconds, not hours."""

import json
import math
import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp
import torch
from safetensors.torch import load_file
from tokenizers import Tokenizer
from transformers import BertModel

from eval.encoder import losses
from eval.encoder.examples import ExampleSource
from eval.encoder.held_aside import measure, score
from eval.encoder.initialise import replace_table, solve_ridge, token_vectors, weighted_bags
from eval.encoder.make_encoder import Folders, Text, make_encoder
from eval.encoder.mix import Mix
from eval.encoder.models import Encoder, load_encoder
from eval.encoder.names import NameMaker
from eval.encoder.packing import CONFIGURATION, average, pack
from eval.encoder.pairs import Pairs
from eval.encoder.training import Plan, Trainer
from eval.encoder.vocabulary import SPECIAL, build_tokenizer, kept_pieces, make_tokenizer
from rag.encoders.cores import multiplies_bytes
from rag.encoders.embedded_encoder import FOLDER, EmbeddedEncoder
from tests.tiny_models import tiny_config

WORDS = {
    "red": "rosu",
    "green": "verde",
    "house": "casa",
    "tree": "copac",
    "river": "rau",
    "stone": "piatra",
    "sings": "canta",
    "falls": "cade",
    "old": "vechi",
    "small": "mic",
}
MIX = Mix(
    languages={"ro": 1.0},
    english=0.2,
    passage=0.2,
    question=0.2,
    exponent=1.0,
    most=1000,
    weights=(("*", 1.0),),
    question_mark=1.0,
)


def make_text() -> Text:
    """Sentences of three words, translated word by word."""
    rng = np.random.default_rng(0)
    drawn = [rng.permutation([*WORDS])[:3].tolist() for _ in range(330)]
    english = [" ".join(words) for words in drawn]
    other = [" ".join(WORDS[word] for word in words) for words in drawn]
    pairs = Pairs("ro", english, other, np.zeros(330, np.int32), ("made",))
    return Text({"ro": pairs.select(range(300))}, {"ro": pairs.select(range(300, 330))})


@pytest.fixture(scope="module")
def text() -> Text:
    return make_text()


@pytest.fixture(scope="module")
def teacher_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random BERT of width 24 that knows the English words."""
    folder = tmp_path_factory.mktemp("teacher")
    tokenizer = make_tokenizer([*WORDS, *"abcdefghijklmnopqrstuvwxyz"])
    config = tiny_config(tokenizer, width=24, positions=256, spread=0.2)
    BertModel(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


@pytest.fixture(scope="module")
def like(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The configuration of a packed model of the teacher's shape."""
    folder = tmp_path_factory.mktemp("like")
    for name in CONFIGURATION:
        (folder / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(FOLDER / name, folder / name)
    shutil.copyfile(teacher_folder / "config.json", folder / "config.json")
    return folder


def seconds(step: float) -> Iterator[float]:
    """A clock that goes on by the same amount whenever it is read."""
    return count(0.0, step)


def test_distance_of_known_vectors() -> None:
    student = torch.tensor([[1.0, 0.0], [0.6, 0.8]])
    target = torch.tensor([[1.0, 0.0], [1.0, 0.0]])
    assert losses.distance(student, target).item() == pytest.approx((0 + 0.4) / 2)


def test_ranking_is_nothing_only_where_both_rank_alike() -> None:
    pool = torch.eye(3)
    target = pool[:1]
    assert losses.ranking(target, target, pool).item() == pytest.approx(0, abs=1e-6)
    # The teacher has e^20, 1, 1 and the student 1, e^20, 1: nearly all mass is off by 20.
    assert losses.ranking(pool[1:2], target, pool).item() == pytest.approx(20, rel=1e-3)


def test_retrieval_counts_the_other_passages() -> None:
    passages = torch.eye(2)
    answers = torch.tensor([0])
    value = losses.retrieval(passages[:1], passages, answers).item()
    assert value == pytest.approx(math.log(1 + math.exp(-20)), abs=1e-6)
    between = torch.tensor([[math.sqrt(0.5), math.sqrt(0.5)]])
    assert losses.retrieval(between, passages, answers).item() == pytest.approx(math.log(2))


def test_score_of_known_vectors() -> None:
    targets = torch.eye(2)
    found = score(torch.tensor([[0.8, 0.6], [0.8, 0.6]]), targets)
    assert found.cosine == pytest.approx(0.7)
    assert found.recall == 0.5


def test_ridge_against_the_normal_equations() -> None:
    rng = np.random.default_rng(0)
    bags = rng.random((40, 6), dtype=np.float32)
    wanted, prior = rng.random((40, 3), dtype=np.float32), rng.random((6, 3), dtype=np.float32)
    found = solve_ridge(sp.csr_matrix(bags), wanted, prior, ridge=0.5)
    left = bags.T @ bags + 0.5 * np.eye(6)
    np.testing.assert_allclose(
        found, np.linalg.solve(left, bags.T @ wanted + 0.5 * prior), atol=1e-4
    )


def test_bags_weigh_rare_pieces_more() -> None:
    tokenizer = make_tokenizer(["red", "tree"])
    bags = weighted_bags(tokenizer, ["red tree", "red", ""]).toarray()
    red, tree = (tokenizer.token_to_id(word) for word in ("red", "tree"))
    assert bags.sum(axis=1).tolist() == pytest.approx([1, 1, 0])
    # idf is log(1 + 3 / (1 + 2)) of red and log(1 + 3 / (1 + 1)) of tree.
    assert bags[0, red] == pytest.approx(math.log(2) / (math.log(2) + math.log(2.5)))
    assert bags[0, tree] > bags[0, red]


def test_new_words_begin_near_their_translations(teacher_folder: Path, text: Text) -> None:
    teacher = Tokenizer.from_file(str(teacher_folder / "tokenizer.json"))
    student = make_tokenizer([*WORDS, *WORDS.values()])
    table = np.random.default_rng(0).normal(size=(teacher.get_vocab_size(), 16)).astype(np.float32)
    pairs = text.train["ro"]
    made = token_vectors(student, teacher, table, pairs.english, pairs.other)
    theirs = table - table.mean(0)
    ours = made - table.mean(0)
    for english, other in WORDS.items():
        known = theirs[teacher.token_to_id(english)]
        np.testing.assert_allclose(ours[student.token_to_id(english)], known, atol=1e-5)
        cosines = theirs @ ours[student.token_to_id(other)] / np.linalg.norm(theirs, axis=1)
        assert cosines.argmax() == teacher.token_to_id(english)


def test_vocabulary_keeps_english_and_adds_the_rest() -> None:
    teacher = make_tokenizer(["tree", "##s", "stone", "я"])
    english = ["trees"] * 5 + ["я"] * 4
    assert kept_pieces(teacher, english) == ["tree", "##s", "stone"]
    tokenizer = build_tokenizer(teacher, english, ["Żółta łódź płynie"] * 10, 60)
    pieces = tokenizer.get_vocab()
    assert [pieces[name] for name in SPECIAL] == [0, 1, 2, 3, 4]
    assert tokenizer.encode("TREES").tokens == ["[CLS]", "tree", "##s", "[SEP]"]
    assert tokenizer.encode("Łódź").ids == tokenizer.encode("lodz").ids
    assert "lodz" in pieces


def make_trainer(teacher_folder: Path, folder: Path, plan: Plan, clock: Iterator[float]) -> Trainer:
    teacher = load_encoder(teacher_folder, "cpu", trained=False)
    student = load_encoder(teacher_folder, "cpu", trained=True)
    return Trainer(student, teacher, plan, folder, clock=lambda: next(clock))


def test_stops_at_its_budget_and_goes_on_from_there(
    teacher_folder: Path, text: Text, tmp_path: Path
) -> None:
    plan = Plan(minutes=1, pool=40, padded_tokens=400, checkpoint_minutes=0.5)
    trainer = make_trainer(teacher_folder, tmp_path, plan, seconds(2.0))
    source = ExampleSource(text.train, MIX, NameMaker(trainer.student.tokenizer), 0)
    trainer.run(source, print)
    done = trainer.progress
    assert done.seconds >= 60
    assert 10 <= done.steps <= 30  # two or three looks at a clock of 2 s each
    content = json.loads((tmp_path / "progress.json").read_text())
    assert content["progress"]["steps"] == done.steps

    again = make_trainer(teacher_folder, tmp_path, plan, seconds(2.0))
    assert again.progress == done
    for name, value in again.student.model.state_dict().items():
        torch.testing.assert_close(value, trainer.student.model.state_dict()[name])
    before = load_file(tmp_path / "optimizer.safetensors")
    again.save()
    after = load_file(tmp_path / "optimizer.safetensors")
    assert before.keys() == after.keys()
    for name, value in before.items():
        torch.testing.assert_close(value, after[name])
    longer = Plan(minutes=2, pool=40, padded_tokens=400)
    further = make_trainer(teacher_folder, tmp_path, longer, seconds(2.0))
    further.run(source, print)
    assert further.progress.steps > done.steps


def test_the_rate_rises_then_falls_with_time(teacher_folder: Path, tmp_path: Path) -> None:
    trainer = make_trainer(teacher_folder, tmp_path, Plan(minutes=10), seconds(1.0))
    assert trainer.rate() == pytest.approx(1 / 60)
    trainer.progress.steps, trainer.progress.seconds = 100, 300.0
    assert trainer.rate() == pytest.approx(0.5)
    trainer.progress.seconds = 600.0
    assert trainer.rate() == pytest.approx(0.02)


@pytest.fixture(scope="module")
def untaught(teacher_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The teacher with a vocabulary of both languages; the other one's vectors are random."""
    folder = tmp_path_factory.mktemp("untaught")
    tokenizer = make_tokenizer([*WORDS, *WORDS.values(), *"abcdefghijklmnopqrstuvwxyz"])
    theirs = Tokenizer.from_file(str(teacher_folder / "tokenizer.json")).get_vocab()
    model = BertModel.from_pretrained(teacher_folder)
    known = model.embeddings.word_embeddings.weight.detach()
    torch.manual_seed(1)
    table = torch.randn(tokenizer.get_vocab_size(), known.shape[1])
    for piece, place in tokenizer.get_vocab().items():
        if piece in theirs:
            table[place] = known[theirs[piece]]
    replace_table(model, table.numpy())
    model.save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    return folder


def make(
    text: Text, folders: Folders, plan: Plan, *, clock_step: float
) -> dict[str, dict[str, tuple[float, float]]]:
    """Make an encoder; give its figures: cosine and recall by row and column."""
    ticks = seconds(clock_step)
    make_encoder(
        text,
        MIX,
        plan,
        folders,
        device="cpu",
        new_pieces=80,
        say=print,
        clock=lambda: next(ticks),
    )
    lines = (folders.work / "figures.md").read_text().splitlines()
    assert lines[2] == "| held aside | before | after |"
    rows: dict[str, dict[str, tuple[float, float]]] = {}
    for line in lines[4:]:
        name, *cells = (cell.strip() for cell in line.strip("| ").split("|"))
        values = [tuple(map(float, cell.split(" / "))) for cell in cells]
        rows[name] = {"before": (values[0][0], values[0][1]), "after": (values[1][0], values[1][1])}
    return rows


def test_a_student_learns(
    teacher_folder: Path, untaught: Path, like: Path, text: Text, tmp_path: Path
) -> None:
    folders = Folders(tmp_path, teacher_folder, like, untaught)
    plan = Plan(minutes=3, pool=128, padded_tokens=1024, embedding_rate=0.05, body_rate=1e-4)
    rows = make(text, folders, plan, clock_step=1.0)
    assert rows["ro"]["before"][0] < 0.8
    assert rows["ro"]["after"][0] > 0.9
    assert rows["en"]["after"][0] > 0.95


def test_makes_an_encoder_that_the_tool_reads(
    teacher_folder: Path, like: Path, text: Text, tmp_path: Path
) -> None:
    folders = Folders(tmp_path, teacher_folder, like)
    rows = make(text, folders, Plan(minutes=1, pool=64), clock_step=10.0)
    assert rows["ro"]["before"][1] > 0.9  # the sentences are bags of words, as ridge takes them
    encoder = EmbeddedEncoder(tmp_path / "packed", bytewise=False)
    vectors = encoder.encode_passages(["red house", "casa verde"])
    assert vectors.shape == (2, 24)
    student = load_encoder(tmp_path / "packed", "cpu", trained=False)
    in_torch = student.embed_all(["red house", "casa verde"]).float().numpy()
    assert (vectors * in_torch).sum(axis=1).min() > 0.999
    if multiplies_bytes():
        in_bytes = EmbeddedEncoder(tmp_path / "packed", bytewise=True)
        found = in_bytes.encode_passages(["red house", "casa verde"])
        assert (vectors * found).sum(axis=1).min() > 0.985

    averaged = Folders(tmp_path, teacher_folder, like, others=(tmp_path,))
    make(text, averaged, Plan(minutes=1, pool=64), clock_step=10.0)  # with itself: the same
    again = EmbeddedEncoder(tmp_path / "packed", bytewise=False)
    np.testing.assert_allclose(
        again.encode_passages(["red house", "casa verde"]), vectors, atol=1e-6
    )

    nowhere = Folders(tmp_path, teacher_folder, like, stretch=0.0)
    make(text, nowhere, Plan(minutes=1, pool=64), clock_step=10.0)
    start = load_file(tmp_path / "start" / "model.safetensors")
    for name, value in load_file(tmp_path / "packed" / "model.safetensors").items():
        torch.testing.assert_close(value, start[name].half())


def test_checkpoints_are_averaged_and_packed(
    teacher_folder: Path, like: Path, tmp_path: Path
) -> None:
    weights = load_file(teacher_folder / "model.safetensors")
    zeros = {name: torch.zeros_like(value) for name, value in weights.items()}
    model = BertModel.from_pretrained(teacher_folder)
    model.load_state_dict(zeros)
    model.save_pretrained(tmp_path / "zeros")
    files = [teacher_folder / "model.safetensors", tmp_path / "zeros" / "model.safetensors"]
    mean = average(files, [0.25, 0.75])
    for name, value in mean.items():
        torch.testing.assert_close(value, weights[name] / 4)
    pack(mean, teacher_folder / "tokenizer.json", like, tmp_path / "packed")
    packed = load_file(tmp_path / "packed" / "model.safetensors")
    assert {value.dtype for value in packed.values()} == {torch.float16}
    assert EmbeddedEncoder(tmp_path / "packed").encode_passages(["red"]).shape == (1, 24)


def test_measure_has_a_row_for_each_way_of_typing(teacher_folder: Path, text: Text) -> None:
    teacher: Encoder = load_encoder(teacher_folder, "cpu", trained=False)
    scores = measure(teacher, teacher, text.held)
    assert [*scores] == ["en", "ro", "ro typos", "ro capitals"]
    assert scores["en"].recall == 1
    assert scores["en"].cosine == pytest.approx(1, abs=1e-3)
    assert scores["ro capitals"] == scores["ro"]  # what the tokenizer makes the same is the same
