"""Prints pairs of texts with the scores that rouge-score and SQuAD 2.0's F1 give them, as JSON. The same pairs on every run."""

import collections
import json
import random
import re
import string

from rouge_score import rouge_scorer

GENERATED = 220

# Made for this file: news, instructions, question answering, code, several scripts.
REAL = [
    ("The council approved the new tram line on Tuesday after a long debate.", "On Tuesday the council approved a new tram line, after a debate of six hours."),
    ("Paris", "The capital of France is Paris."),
    ("The answer is: 42.", "42"),
    ("Preheat the oven to 180 C, mix flour and butter, and bake for 25 minutes.", "Mix the butter with the flour; bake 25 minutes at 180 C."),
    ("A man was rescued from the river by two students.", "Two students saved a man's life when he fell into the river."),
    ("def add(a, b): return a + b", "def add(x, y):\n    return x + y"),
    ("I'm sorry, but I can't help with that.", "Sports"),
    ("World", "world"),
    ("state-of-the-art", "state of the art"),
    ("the the the a an", "the"),
    ("the a an", "a the"),
    ("", ""),
    ("", "something"),
    ("something", ""),
    ("...", "!!!"),
    (" \t\n ", "x"),
    ("U.S.A.", "USA"),
    ("it's 5 o'clock", "its 5 oclock"),
    ("Straße", "STRASSE"),
    ("İstanbul'da", "istanbul da"),
    ("ΟΔΥΣΣΕΥΣ", "οδυσσευς"),
    ("ΣΑΣ ΑΣ Σ.", "σας ας σ"),
    ("ΑΣ'Α ΑΣ' ΑΣ-Α", "ας'α ας' ας-α"),
    ("Kelvin \u212a and \u00c5ngstr\u00f6m \u212b", "kelvin k and \u00e5ngstr\u00f6m \u00e5"),
    ("caf\u00e9", "cafe\u0301"),
    ("caf\u00e9 noir", "caf\u00e9 noir"),
    ("漢字 かな", "漢字かな"),
    ("漢字 かな 漢字", "漢字 カナ"),
    ("Привет, мир!", "привет мир"),
    ("مرحبا بالعالم", "مرحبا يا عالم"),
    ("the—cat sat", "cat sat"),
    ("a–b–the–c", "b c"),
    ("“the” cat", "“ ” cat"),
    ("the\u0301 cat", "cat"),
    ("a² the½ an①", "a² the½ an①"),
    ("one\u00a0two\u2003three\u3000four", "one two three four"),
    ("one\x1ctwo\x1fthree\u0085four", "one two three four"),
    ("one\u200btwo", "one two"),
    ("٣ the ٤", "٣ ٤"),
    ("x_y the_cat a_", "xy thecat a"),
    ("😀 the 😀", "😀"),
    ("e\u0301\u0301 a\u20dd the", "e a"),
    ("ab12cd 3.14 1,000", "ab12cd 314 1000"),
    ("rouge-1 rouge-2 rouge-L", "rouge 1 rouge 2 rouge l"),
    ("to be or not to be that is the question", "to be that is not the question or to be"),
    ("x " * 400, "x y " * 150),
    ("\u1e9e \ufb01ne \u01c5", "ß fine \u01c6"),
    ("ᾼ ΐ Ω", "ᾳ ΐ ω"),
]

WORDS = (
    "the a an cat dog sat on mat over under river model prompt answer question score 1 2 3 42 3.14 word-word it's U.S. Δ Σ ΣΣ ΑΣ É é ß ẞ 漢字 кот — … “x” don't x_y "
    "the The THE And of to in is was Å İ ı ﬁ ² ½ ٣ 😀 e\u0301 the\u0301"
).split(" ")
SEPARATORS = [" ", " ", " ", " ", "  ", "\n", "\t", ", ", ". ", "-", "\u00a0", "\u2003", "\x1c", "—", "", "'"]


def generated(source):
    def text(length):
        return "".join(source.choice(WORDS) + source.choice(SEPARATORS) for _ in range(length))

    for number in range(GENERATED):
        response = text(source.randrange(0, 40))
        kind = number % 4
        if kind == 0:
            reference = text(source.randrange(0, 40))
        elif kind == 1:
            words = response.split(" ")
            source.shuffle(words)
            reference = " ".join(words)
        elif kind == 2:
            words = [word for word in response.split(" ") if source.random() < 0.7]
            reference = " ".join(words).upper()
        else:
            word = source.choice(WORDS)
            response, reference = " ".join([word] * source.randrange(0, 9)), " ".join([word, source.choice(WORDS)] * source.randrange(0, 5))
        yield response, reference


def squad_tokens(text):
    """`normalize_answer` and `get_tokens` of the SQuAD 2.0 evaluation script."""
    text = "".join(character for character in text.lower() if character not in set(string.punctuation))
    return re.sub(r"\b(a|an|the)\b", " ", text).split()


def squad_f1(response, reference):
    """`compute_f1` of the SQuAD 2.0 evaluation script."""
    expected, got = squad_tokens(reference), squad_tokens(response)
    same = sum((collections.Counter(expected) & collections.Counter(got)).values())
    if not expected or not got:
        return float(expected == got)
    if same == 0:
        return 0.0
    precision, recall = same / len(got), same / len(expected)
    return 2 * precision * recall / (precision + recall)


def main():
    scorer = rouge_scorer.RougeScorer(["rouge1", "rouge2", "rougeL"], use_stemmer=False)
    pairs = []
    for response, reference in REAL + list(generated(random.Random(20240607))):
        rouge = scorer.score(reference, response)
        scores = {
            "rouge_1": rouge["rouge1"].fmeasure, "rouge_2": rouge["rouge2"].fmeasure, "rouge_l": rouge["rougeL"].fmeasure,
            "token_f1": squad_f1(response, reference),
        }
        pairs.append({"response": response, "reference": reference, "scores": {name: round(value, 12) for name, value in scores.items()}})
    lines = ",\n".join(json.dumps(pair, ensure_ascii=True) for pair in pairs)
    print('{"pairs": [\n' + lines + "\n]}")


main()
