"""Scores a one-word label.

One point for the expected label and nothing else; half a point when the label is there among other words; a tenth less for each further twenty words, so
that among right answers the shorter one wins. The optimizer reads this text and the code, so say here what a good answer looks like.
"""

import re


def _normalised(text):
    return re.sub(r"[^a-z0-9 ]+", " ", text.lower()).strip()


def _score(prediction, gold):
    answer, label = _normalised(prediction), _normalised(gold)
    if answer == label:
        return 1.0, ""
    if label and re.search(r"\b" + re.escape(label) + r"\b", answer):
        words = len(answer.split())
        return max(0.1, 0.5 - 0.1 * (words // 20)), "the label is right, but there are %d words around it" % (words - len(label.split()))
    return 0.0, "expected the label %r" % gold


def compute_score(preds, golds):
    results = [_score(prediction, gold) for prediction, gold in zip(preds, golds)]
    scores = [score for score, _ in results]
    return {
        "score": sum(scores) / len(scores) if scores else 0.0,
        "scores": scores,
        "error": "; ".join(words for _, words in results if words),
    }


def lambda_handler(event, context):
    return compute_score(event["preds"], event["golds"])
