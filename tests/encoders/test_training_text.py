"""What the encoder is trained on: reading, cleaning, drawing and changing parallel text."""

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
import polib
import pytest
import zstandard

from eval.encoder.examples import ExampleSource
from eval.encoder.mix import DEFAULT, Mix, pair_chances, read_mix
from eval.encoder.names import NameMaker, insert
from eval.encoder.noise import add_typos, key_words, misspell
from eval.encoder.pairs import Pairs, is_clean, is_held_aside, read_pairs, split_held_aside
from eval.encoder.translations import LOCALES, pair_sentences, read_blocks, write_pairs
from eval.encoder.vocabulary import make_tokenizer


def make_pairs(language: str, sources: dict[str, list[tuple[str, str]]]) -> Pairs:
    rows = [(*pair, place) for place, pairs in enumerate(sources.values()) for pair in pairs]
    english, other, source = zip(*rows, strict=True)
    return Pairs(language, [*english], [*other], np.array(source, np.int32), tuple(sources))


def make_mix(**changes: float) -> Mix:
    shares = {"english": 0.0, "passage": 0.0, "question": 0.0} | changes
    weights = (("poor*", 0.5), ("*", 1.0))
    return Mix(
        languages={"ro": 1.0}, exponent=0.5, most=100, weights=weights, question_mark=1.0, **shares
    )


def test_reads_plain_and_packed_text_and_names_each_source(tmp_path: Path) -> None:
    plain, packed = tmp_path / "plain", tmp_path / "packed"
    plain.mkdir()
    packed.mkdir()
    plain.joinpath("ro.tsv").write_text("a cat\to pisică\na dog\tun câine\n", encoding="utf-8")
    text = "the sun\tsoarele\na cat\to pisică\nthe moon\tluna\n".encode()
    packed.joinpath("ro.tsv.zst").write_bytes(zstandard.compress(text))
    packed.joinpath("ro.src.zst").write_bytes(zstandard.compress(b"sky\nanimals\nsky\n"))
    pairs = read_pairs([plain, packed], "ro", 10)
    assert pairs.english == ["a cat", "a dog", "the sun", "the moon"]
    assert pairs.other == ["o pisică", "un câine", "soarele", "luna"]
    assert [pairs.sources[place] for place in pairs.source] == ["plain", "plain", "sky", "sky"]
    assert len(read_pairs([plain, packed], "ro", 1)) == 2
    with pytest.raises(FileNotFoundError, match=r"no pl\.tsv"):
        read_pairs([plain, packed], "pl", 10)


@pytest.mark.parametrize(
    ("english", "other", "clean"),
    [
        ("The cat sleeps.", "Pisica doarme.", True),
        ("Save", "Salvează modificările", True),
        ("", "Pisica doarme.", False),
        ("The cat sleeps on the chair all day.", "Pisica", False),
        ("This was left as it is", "This was left as it is", False),
        ("Karl Marx", "Karl Marx", True),
        ("0.57, 3.14, 2.71; 42", "0.57, 3.14, 2.71; 42 și", False),
        ("a " * 400, "o " * 400, False),
    ],
)
def test_what_cannot_be_a_translation_is_left_out(english: str, other: str, *, clean: bool) -> None:
    assert is_clean(english, other) == clean


def test_held_aside_in_every_language_and_never_trained_on() -> None:
    sentences = [f"Sentence {number}." for number in range(3000)]
    by_language = {
        code: make_pairs(code, {"s": [(text, f"{code} {text}") for text in sentences]})
        for code in ("ro", "pl")
    }
    held = {}
    for code, pairs in by_language.items():
        train, held[code] = split_held_aside(pairs)
        assert not set(train.english) & set(held[code].english)
        assert len(train) + len(held[code]) == 3000
    assert held["ro"].english == held["pl"].english
    assert 3 <= len(held["ro"]) <= 30  # one in 250 of 3,000 is 12
    assert is_held_aside(held["ro"].english[0].upper() + " ")


def test_few_and_good_count_beside_many_and_poor() -> None:
    pairs = make_pairs(
        "ro", {"poor": [("two words", "x")] * 400, "good": [("two words", "x")] * 100}
    )
    chances = pair_chances(pairs, make_mix())
    # Masses 0.5 * sqrt(400) = 10 and 1 * sqrt(100) = 10.
    assert chances[:400].sum() == pytest.approx(0.5)
    assert chances[400:].sum() == pytest.approx(0.5)


def test_mix_of_the_repository_can_be_read() -> None:
    mix = read_mix(DEFAULT)
    assert sum(mix.languages.values()) == pytest.approx(1)
    assert mix.source_weight("v-cakoll+docs.pl-pl@sxs") < mix.source_weight("whatever")
    with pytest.raises(ValueError, match="no pattern"):
        Mix({"ro": 1.0}, 0, 0, 0, 1, 1, (), 1).source_weight("x")


NAMES = NameMaker(make_tokenizer(["kowal", "radz", "##iwil", "##czyk", "##s", "ab"]))
SENTENCES = [(f"English number {n} here.", f"Numarul romanesc {n} aici.") for n in range(50)]


def test_examples_are_drawn_again_the_same() -> None:
    pairs = {"ro": make_pairs("ro", {"s": SENTENCES})}
    mix = make_mix(english=0.2, passage=0.3, question=0.3)
    first, again, other = (
        next(ExampleSource(pairs, mix, NAMES, seed).pools(200)) for seed in (5, 5, 6)
    )
    assert first == again != other


def test_kinds_of_examples() -> None:
    pairs = {"ro": make_pairs("ro", {"s": SENTENCES})}
    (english,) = next(ExampleSource(pairs, make_mix(english=1.0), NAMES, 0).pools(1))
    assert english.english.startswith("English")
    passages = next(ExampleSource(pairs, make_mix(passage=1.0), NAMES, 0).pools(40))
    counts = [len(passage.english.split()) for passage in passages]
    assert 12 <= min(counts) < max(counts) <= 65  # 12 to 60 words and the rest of a sentence
    # Sentences of a passage follow each other as in their source.
    numbers = [*map(int, re.findall(r"number (\d+) here", passages[0].english))]
    steps = {(after - before) % 50 for before, after in pairwise(numbers)}
    assert steps <= {1, 2, 3}  # a name may stand inside what is looked for
    kinds: Counter[str] = Counter()
    for asked in next(ExampleSource(pairs, make_mix(question=1.0), NAMES, 0).pools(300)):
        assert asked.question
        kinds["English question"] += "nglish" in asked.question
        kinds["English passage"] += asked.text == asked.english
    assert 15 < kinds["English question"] < 90  # 15 % each
    assert 15 < kinds["English passage"] < 90


def test_names_stand_in_both_languages() -> None:
    pairs = {"ro": make_pairs("ro", {"s": [("one two", "unu doi")]})}
    drawn = next(ExampleSource(pairs, make_mix(), NAMES, 0).pools(200))
    named = [example for example in drawn if example.english != "one two"]
    assert 30 < len(named) < 75  # a quarter
    same = [
        example.text.replace("unu", "one").replace("doi", "two") == example.english
        for example in named
    ]
    assert sum(same) / len(same) > 0.75  # a tenth has typos


def test_made_up_names() -> None:
    rng = np.random.default_rng(0)
    made = [NAMES.make(rng) for _ in range(400)]
    patterns = {
        "number": r"\d{1,5}",
        "acronym": r"[A-Z]{2,5}",
        "name": r"(Kowal|Radz)(iwil|czyk){0,2}( (Kowal|Radz)(iwil|czyk){0,2})?",
    }
    kinds = Counter(
        next(kind for kind, pattern in patterns.items() if re.fullmatch(pattern, name))
        for name in made
    )
    assert min(kinds.values()) > 40
    assert [insert("one two", "X", where) for where in (0, 0.5, 1)] == [
        "X one two",
        "one X two",
        "one two X",
    ]


def test_typos_change_words_by_one_letter() -> None:
    rng = np.random.default_rng(0)
    word = "learning"
    forms = {misspell(word, rng) for _ in range(300)}
    assert {"elarning", "lerning", "leaarning"} - forms <= {"elarning"}
    assert all(abs(len(form) - len(word)) <= 1 for form in forms)
    text = "one two six " * 10
    assert add_typos(text, rng) == text  # too short to be recognised with a typo
    changed = add_typos("neural networks learn representations from examples", rng)
    assert changed != "neural networks learn representations from examples"


def test_key_words_stay_in_order() -> None:
    rng = np.random.default_rng(0)
    text = "What does the attention layer of a transformer compute?"
    for _ in range(20):
        words = key_words(text, rng).split()
        places = [text.index(word) for word in words]
        assert places == sorted(places)
        assert 2 <= len(words) <= 5
    assert key_words("Is it so?", rng) == "Is it so?"


PAGE = """<html><head><title>no</title></head><body><nav>menu</nav>
<h1 id="t">{title}</h1><p id="p1">{first}</p><script>var x;</script>{more}</body></html>"""


def test_takes_text_out_of_installed_translations(tmp_path: Path) -> None:
    root = tmp_path / "share"
    for locale, page in {
        "en-US": PAGE.format(title="Trees", first="An oak. A <b>birch</b>.", more="<p>Old.</p>"),
        "pl": PAGE.format(title="Drzewa", first="Dąb. <b>Brzoza</b>.", more=""),
    }.items():
        folder = root / "libreoffice" / "help" / locale / "text" / "shared"
        folder.mkdir(parents=True)
        folder.joinpath("trees.html").write_text(page, encoding="utf-8")
    culture = root / "stellarium" / "skycultures" / "aztec"
    culture.mkdir(parents=True)
    for locale, text in {"en": "<p>The sky.</p><p>Stars</p>", "pl": "<p>Niebo.</p>"}.items():
        culture.joinpath(f"description.{locale}.utf8").write_text(text, encoding="utf-8")
    messages = root / "games" / "wesnoth" / "1.16" / "locale" / "pl" / "LC_MESSAGES"
    messages.mkdir(parents=True)
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=UTF-8"}
    catalogue.append(polib.POEntry(msgid="female^<b>Elf</b>", msgstr="Elfka"))
    catalogue.append(polib.POEntry(msgid="One.\n\nTwo.", msgstr="Raz.\n\nDwa."))
    catalogue.save_as_mofile(str(messages / "wesnoth-units.mo"))

    counts = write_pairs([root], tmp_path / "out")
    assert counts["pl"] == {"libreoffice-help": 3, "wesnoth": 3}
    assert counts["ro"] == {}
    pairs = read_pairs([tmp_path / "out"], "pl", 100)
    found = dict(zip(pairs.english, pairs.other, strict=True))
    assert found == {
        "Trees": "Drzewa",
        "An oak.": "Dąb.",
        "A birch.": "Brzoza.",
        "Elf": "Elfka",
        "One.": "Raz.",
        "Two.": "Dwa.",
    }  # the sky's two pages differ in blocks, so which belongs to which is not known


def test_sentences_are_paired_only_where_both_have_as_many() -> None:
    assert pair_sentences("One. Two.", "Unu. Doi.") == [("One.", "Unu."), ("Two.", "Doi.")]
    assert pair_sentences("One. Two.", "Unu și doi.") == [("One. Two.", "Unu și doi.")]


def test_every_language_of_the_mix_has_locales() -> None:
    assert read_mix(DEFAULT).languages.keys() == LOCALES.keys()


def test_blocks_of_a_page(tmp_path: Path) -> None:
    file = tmp_path / "page.html"
    file.write_text('<p id="a">One &amp; two</p>three<li>four<p>five</p></li>', encoding="utf-8")
    assert read_blocks(file) == [("a", "One & two"), ("", "three"), ("", "four"), ("", "five")]
