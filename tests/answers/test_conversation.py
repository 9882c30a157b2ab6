"""Follow-up questions in four languages."""

import pytest

from rag.answers.conversation import Conversation

FIRST = {
    "en": "What is an LSTM?",
    "ro": "Ce este un LSTM?",
    "pl": "Co to jest LSTM?",
    "pt": "O que é uma LSTM?",
}


@pytest.mark.parametrize(
    ("language", "question"),
    [
        *(("en", "Why?"), ("en", "And GRU?"), ("en", "How does it work?"), ("en", "What about GRU?")),
        *(("en", "How many gates does it have?"), ("en", "Give me an example"), ("en", "?")),
        *(("ro", "De ce?"), ("ro", "Și GRU?"), ("ro", "Cum funcționează?"), ("ro", "Câte porți are el?")),
        *(("ro", "Cine l-a inventat?"), ("ro", "Dă-mi un exemplu"), ("ro", "si derivata lui?")),
        *(("pl", "Dlaczego?"), ("pl", "A GRU?"), ("pl", "Jak to działa?"), ("pl", "Jak on działa?")),
        *(("pl", "Kto go wymyślił?"), ("pl", "Podaj przykład"), ("pl", "A co z GRU?")),
        *(("pt", "Por quê?"), ("pt", "E o GRU?"), ("pt", "Como funciona?"), ("pt", "Quem inventou isso?")),
        *(("pt", "Quantas portas ela tem?"), ("pt", "Dá um exemplo"), ("pt", "mas para que serve?")),
    ],
)  # fmt: skip
def test_a_question_that_leans(language: str, question: str) -> None:
    conversation = Conversation()
    assert conversation.standalone(FIRST[language]) == FIRST[language]
    assert conversation.standalone(question) == f"{FIRST[language]} {question}"


@pytest.mark.parametrize(
    ("language", "question"),
    [
        *(
            ("en", "How does dropout work?"),
            ("en", "Why use batch normalization?"),
            ("en", "RLHF?"),
        ),
        *(("en", "Papers on attention?"), ("en", "Where does the gradient go?")),
        ("en", "And which of these two optimizers needs more memory for its state?"),
        *(("ro", "Ce este dropoutul?"), ("ro", "Cum funcționează LoRA?")),
        *(("ro", "Ce spune teorema lui Bayes?"), ("ro", "E bună metoda?")),
        *(
            ("pl", "Co to jest dropout?"),
            ("pl", "Jak działa DBSCAN?"),
            ("pl", "Kiedy mam egzamin?"),
        ),
        *(
            ("pt", "Como funciona o LoRA?"),
            ("pt", "A atenção é cara?"),
            ("pt", "Onde está o exame?"),
        ),
        ("pt", "E qual destes dois métodos precisa de mais memória durante o treino?"),
    ],
)
def test_a_question_that_stands_alone(language: str, question: str) -> None:
    conversation = Conversation()
    conversation.standalone(FIRST[language])
    assert conversation.standalone(question) == question


@pytest.mark.parametrize(
    "question",
    [
        *("And why?", "How does it work?", "What are its gates?"),
        *("De ce?", "Cum funcționează el?", "Care e derivata lui?"),
        *("A dlaczego?", "Jak on działa?", "Kto go wymyślił?"),
        *("E por quê?", "Como ela funciona?", "Quais são as vantagens dele?"),
    ],
)
def test_nothing_to_lean_on(question: str) -> None:
    assert Conversation().standalone(question) == question


@pytest.mark.parametrize(
    ("language", "question"),
    [
        *(("en", "How does BERT mask its input?"), ("en", "What is IT governance?")),
        *(("en", "What is an epoch and why does it matter?"), ("en", "Is it true that ReLU dies?")),
        *(("en", "Why is it important to scale inputs?"), ("en", "What is the loss that BERT uses?")),
        *(("ro", "Ce este Adam și cum funcționează el?"), ("ro", "Cine l-a inventat pe Adam?")),
        *(("pl", "Co to jest transformer i jakie są jego zalety?"), ("pl", "Co oznacza ICH?")),
        ("pt", "O que é o LoRA e quais são as vantagens dele?"),
    ],
)  # fmt: skip
def test_what_a_pronoun_stands_for_may_be_said_with_it(language: str, question: str) -> None:
    conversation = Conversation()
    conversation.standalone(FIRST[language])
    assert conversation.standalone(question) == question


@pytest.mark.parametrize(
    ("language", "question"),
    [
        *(("en", "How do I compute its gradient?"), ("en", "Is it easy to train?")),
        ("en", "What are its advantages over BERT?"),
        *(("en", "How does Adam update it?"), ("en", "Why train that network?")),
        *(("en", "Is it useful and how does it work?"), ("en", "WHAT IS IT?")),
        *(("ro", "Cine a propus-o pe ea?"), ("ro", "Cum îl antrenez?")),
        *(("pl", "Jakie są jego zalety?"), ("pl", "Jak go uczyć?")),
        *(("pt", "Quem inventou a fórmula dela?"), ("pt", "E para que serve ele?")),
    ],
)  # fmt: skip
def test_what_a_pronoun_stands_for_is_often_not_said_with_it(language: str, question: str) -> None:
    conversation = Conversation()
    conversation.standalone(FIRST[language])
    assert conversation.standalone(question) == f"{FIRST[language]} {question}"


def test_a_topic_goes_on_until_a_new_one() -> None:
    conversation = Conversation()
    assert conversation.standalone("What is an LSTM?") == "What is an LSTM?"
    assert conversation.standalone("And GRU?") == "What is an LSTM? And GRU?"
    # What was named last comes along, and for `Why?` the last turn that brought words of its own.
    assert conversation.standalone("Why?") == "What is an LSTM? And GRU? Why?"
    assert (
        conversation.standalone("How many gates does it have?")
        == "What is an LSTM? And GRU? How many gates does it have?"
    )
    assert (
        conversation.standalone("And why?")
        == "What is an LSTM? And GRU? How many gates does it have? And why?"
    )
    assert conversation.standalone("And its bias?") == "What is an LSTM? And GRU? And its bias?"
    assert conversation.standalone("And RNN?") == "What is an LSTM? And RNN?"
    assert conversation.standalone("Who made it?") == "What is an LSTM? And RNN? Who made it?"
    assert conversation.standalone("How does dropout work?") == "How does dropout work?"
    assert conversation.standalone("Why?") == "How does dropout work? Why?"


def test_reset() -> None:
    conversation = Conversation()
    conversation.standalone("What is an LSTM?")
    conversation.standalone("And GRU?")
    conversation.reset()
    assert conversation.standalone("Why?") == "Why?"


@pytest.mark.parametrize(
    ("topic", "follow_up"),
    [
        ("Ce este LSTM?", "Câte porți are?"),
        ("Co to jest DBSCAN?", "Jakie ma parametry?"),
        ("Co to jest DBSCAN?", "A k-średnie?"),
        ("O que é LoRA?", "Quantos parâmetros tem?"),
        ("O que é LoRA?", "Quem a inventou?"),
    ],
)
def test_a_subject_that_was_said_before(topic: str, follow_up: str) -> None:
    conversation = Conversation()
    conversation.standalone(topic)
    assert conversation.standalone(follow_up) == f"{topic} {follow_up}"


@pytest.mark.parametrize(
    "question", ["Ce are o celulă LSTM?", "Ile bramek ma LSTM?", "Quantas portas tem a LSTM?"]
)
def test_a_question_with_a_subject_stands_alone(question: str) -> None:
    conversation = Conversation()
    conversation.standalone("What is BM25?")
    assert conversation.standalone(question) == question
