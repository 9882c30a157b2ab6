"""Measure how often the language of a question is told right, short ones and bare ones apart.

    python eval/measure_language.py [QUESTIONS.jsonl ...]

Without files: the golden questions. Short are those of at most five words; bare, those typed
without diacritics.
"""

import argparse
from collections import defaultdict
from pathlib import Path

from rag.evaluation.questions import load_questions
from rag.notes.folding import fold
from rag.notes.language import detect_language

SHORT = 5
GOLDEN = Path(__file__).with_name("questions.jsonl")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="share of questions whose language is told right")
    parser.add_argument("files", nargs="*", type=Path, default=[GOLDEN])
    right: dict[tuple[str, str], list[bool]] = defaultdict(list)
    for file in parser.parse_args().files:
        for item in load_questions(file):
            is_short = len(item.question.split()) <= SHORT
            for name, text in (("", item.question), ("bare", fold(item.question))):
                is_right = detect_language(text) == item.language
                right[name or "all", item.language].append(is_right)
                if is_short:
                    right[f"short {name}".strip(), item.language].append(is_right)
    for (name, language), told in sorted(right.items()):
        print(f"{name:<12}{language:<4}{sum(told) / len(told):>7.3f}{len(told):>6}")


if __name__ == "__main__":
    main()
