"""The picture of a run."""

from pathlib import Path

from PIL import Image

from rag.evaluation.plot import DOTS_PER_INCH, MARGIN, MOST_ROWS, ROW, WIDTH, draw
from rag.evaluation.report import Scored

FIGURES = {"recall@1": 0.0, "recall@5": 1.0, "recall@10": 1.0}


def make_scored(number: int, language: str, note: str | None) -> Scored:
    pair = f"{language} > {note}" if note else None
    return Scored(str(number), language, pair, note not in (None, language), FIGURES)


def read_rows(file: Path) -> float:
    """Tell from a picture's height how many rows it has."""
    with Image.open(file) as image:
        assert image.format == "PNG"
        assert image.width == WIDTH * DOTS_PER_INCH
        return (image.height / DOTS_PER_INCH - MARGIN) / ROW


def test_a_row_a_language_and_a_row_a_pair(tmp_path: Path) -> None:
    scored = [make_scored(1, "ro", "ro"), make_scored(2, "ro", "pl"), make_scored(3, "en", None)]
    assert draw(tmp_path / "run.png", scored, "$title$ of_a {run}\\")
    # All, en, ro; across languages, ro > pl.
    assert round(read_rows(tmp_path / "run.png")) == 5


def test_languages_are_what_the_file_says(tmp_path: Path) -> None:
    scored = [make_scored(number, f"$x_{number}^{{$", "\\frac\n中") for number in range(99)]
    draw(tmp_path / "run.png", scored, "")
    assert round(read_rows(tmp_path / "run.png")) == MOST_ROWS


def test_nothing_to_draw(tmp_path: Path) -> None:
    assert not draw(tmp_path / "run.png", [Scored("1", "en", None, False, {})], "")
    assert not (tmp_path / "run.png").exists()
