import unicodedata

import pytest

from rag.notes.language import (
    LANGUAGES,
    NAMES,
    clear_language,
    content_words,
    detect_language,
)

QUESTIONS = {
    "ro": (
        "ce e overfitting",
        "ce este un transformer?",
        "Cum funcționează atenția?",
        "cine a inventat LSTM",
        "ce înseamnă learning rate",
        "câte porți are LSTM",
        "de ce se folosește batch norm",
        "care e diferența dintre GRU și LSTM",
        "cand a aparut BERT",
        "La ce se folosește dropout?",
        "explică-mi pe scurt backpropagation",
        "definiția entropiei",
        "supraînvățare",
        "rețea neuronală",
    ),
    "pl": (
        "co to dropout",
        "Co to jest overfitting?",
        "jak działa attention",
        "kto wymyślił LSTM",
        "czym jest BERT",
        "ile bramek ma LSTM",
        "dlaczego używamy dropout",
        "różnica między GRU a LSTM",
        "kiedy jest egzamin i w jakiej sali",
        "wyjaśnij backpropagation",
        "wzór na F1",
        "na czym polega LoRA",
        "współczynnik uczenia",
        "sieć",
    ),
    "pt": (
        "o que é overfitting",
        "O que são embeddings?",
        "como funciona a atenção",
        "quem inventou o LSTM",
        "o que significa learning rate",
        "quantas portas tem o LSTM",
        "qual a diferença entre GRU e LSTM",
        "quando é a prova",
        "para que serve dropout",
        "vantagens do BPE",
        "definição de entropia",
        "quais são os tipos de LoRA",
        "regularização",
    ),
    "en": (
        "what is learning rate",
        "How does attention work?",
        "who invented LSTM",
        "how many gates does LSTM have",
        "difference between GRU and LSTM",
        "when is the deadline",
        "definition of entropy",
        "explain backpropagation",
        "what's LoRA",
        "why use batch norm",
        "training tokens per parameter",
    ),
    "es": (
        "¿Qué es overfitting?",
        "cómo funciona la atención",
        "cuándo salió BERT",
        "diferencia entre GRU y LSTM",
        "el examen de mañana",
    ),
    "fr": (
        "qu'est-ce que le dropout",
        "c'est quoi le dropout",
        "comment marche l'attention",
        "quelle est la différence entre GRU et LSTM",
        "combien de portes a un LSTM",
    ),
    "de": (
        "was ist overfitting",
        "wie funktioniert attention",
        "wer hat LSTM erfunden",
        "Was ist der Unterschied zwischen GRU und LSTM?",
        "wozu dient dropout",
    ),
    "it": (
        "che cos'è overfitting",
        "come funziona l'attenzione",
        "chi ha inventato LSTM",
        "quante porte ha una LSTM",
        "qual è la differenza tra GRU e LSTM",
    ),
}
TOLD_BY_LETTERS = ("supraînvățare", "rețea neuronală", "współczynnik uczenia", "sieć")
CASES = [(language, question) for language in LANGUAGES for question in QUESTIONS[language]]


def _bare(text: str) -> str:
    """Write as people do who have no marks on their keyboard."""
    decomposed = unicodedata.normalize("NFD", text.replace("ł", "l"))
    return "".join(c for c in decomposed if not unicodedata.combining(c))


@pytest.mark.parametrize(("language", "question"), CASES)
def test_short_questions(language: str, question: str) -> None:
    assert detect_language(question) == language
    assert detect_language(unicodedata.normalize("NFD", question)) == language
    assert detect_language(question, "de" if language != "de" else "en") == language


@pytest.mark.parametrize(
    ("language", "question"), [case for case in CASES if case[1] not in TOLD_BY_LETTERS]
)
def test_short_questions_typed_without_diacritics(language: str, question: str) -> None:
    bare = _bare(question)
    if language == "pt" and bare == "regularizacao":
        assert detect_language(bare, "pt") == "pt"
    else:
        assert detect_language(bare, "de" if language != "de" else "en") == language


@pytest.mark.parametrize("otherwise", LANGUAGES)
@pytest.mark.parametrize(
    "text", ["RLHF", "GPT-4", "LSTM GRU", "BM25", "word2vec", "42", "?", "", "F1 = 0,7", "ReLU!"]
)
def test_what_gives_no_hint_is_left_to_the_notes(text: str, otherwise: str) -> None:
    assert detect_language(text, otherwise) == otherwise


def test_a_few_words_of_two_languages_are_left_to_the_notes() -> None:
    # `explica` is Romanian, Spanish and Portuguese alike.
    assert [detect_language("explica dropout", code) for code in ("ro", "es", "pt")] == [
        "ro",
        "es",
        "pt",
    ]


def test_without_a_fallback_there_is_always_an_answer() -> None:
    for text in ("", "RLHF", "42", "\n", "深層学習"):
        assert detect_language(text) in LANGUAGES


def test_whole_passages() -> None:
    passages = {
        "de": "Das Netz lernt aus den Daten, und der Fehler wird mit jeder Epoche kleiner.",
        "en": "The network learns from the data, and the error falls with each epoch.",
        "es": "La red aprende de los datos y el error baja en cada época que pasa.",
        "fr": "Le réseau apprend avec les données, et son erreur est plus petite dans chaque époque.",
        "it": "La rete impara dai dati e l'errore della rete scende con il passare delle epoche.",
        "pl": "Sieć uczy się na danych, a błąd maleje z każdą epoką.",
        "pt": "A rede aprende com os dados, e o erro diminui a cada época do treino.",
        "ro": "Rețeaua învață din date, iar eroarea scade cu fiecare epocă.",
    }
    for language, passage in passages.items():
        assert detect_language(passage) == language
        assert clear_language(passage) == language


@pytest.mark.parametrize(
    "text",
    ["", "RLHF", "$x_i = a + b$", "| LSTM | 1997 |", "Transformer, attention, softmax", "x = y"],
)
def test_a_passage_without_function_words_has_no_clear_language(text: str) -> None:
    assert clear_language(text) is None


def test_names_in_a_passage_do_not_make_it_polish() -> None:
    text = (
        "The paper of Łukasz Kaiser and the talk by Władysław Żak are what we have read in class."
    )
    assert clear_language(text) == "en"


def test_content_words() -> None:
    assert content_words("Ce este formula atenției?") == ["formula", "atentiei"]
    assert content_words("What is the L2 norm of x_1?") == ["l2", "norm", "x", "1"]
    assert content_words("o que é") == []


def test_each_language_has_a_name() -> None:
    assert set(NAMES) == set(LANGUAGES)
