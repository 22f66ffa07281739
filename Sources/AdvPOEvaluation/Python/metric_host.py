"""Runs one user's metric: requests in on standard input, replies out on standard output, one JSON object per line.

Arguments: the folder with lambda_function.py, and how many threads the process may have (0: no limit of ours).

First reply:  {"ready": true, "cpu": seconds} or {"failure": text}, after which the process ends.
Request:      {"id": number, "prediction": text, "reference": text}
Reply:        {"id": number, "score": number, "diagnostics": text, "cpu": seconds} or {"id": number, "failure": text, "cpu": seconds}

What the metric prints goes to standard error. It can reach the replies' descriptor if it wants to; all that it gains is a score it could have returned.
"""

import json
import math
import os
import sys
import time
import traceback

DIAGNOSTICS_CHARACTERS = 4000
FAILURE_CHARACTERS = 3000


class NotAScore(Exception):
    """The metric returned something that holds no score."""


class Context:
    """What a Lambda handler finds in its context, as far as it means anything here."""

    function_name = "metric"
    function_version = "$LATEST"
    memory_limit_in_mb = "0"
    aws_request_id = "00000000-0000-0000-0000-000000000000"
    invoked_function_arn = ""
    log_group_name = ""
    log_stream_name = ""

    @staticmethod
    def get_remaining_time_in_millis():
        return 900000


def plain(text, limit):
    """Text that survives JSON and UTF-8, without lone surrogates, no longer than the limit."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    return text if len(text) <= limit else text[:limit] + "…"


def describe(error):
    """The end of the traceback without this file's own frames."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    try:
        text = "".join(traceback.format_exception(type(error), error, frames)).strip()
    except BaseException:
        text = type(error).__name__ + " (its message cannot be shown)"
    text = text if len(text) <= FAILURE_CHARACTERS else "…" + text[-FAILURE_CHARACTERS:]
    return plain(text, FAILURE_CHARACTERS + 1)


def load(folder):
    """The function to call with predictions and references."""
    sys.path.insert(0, folder)
    try:
        import lambda_function
    except ModuleNotFoundError as error:
        if error.name == "lambda_function":
            raise NotAScore("the metric has no lambda_function.py")
        raise
    if callable(getattr(lambda_function, "compute_score", None)):
        return lambda_function.compute_score
    if callable(getattr(lambda_function, "lambda_handler", None)):
        return lambda predictions, references: lambda_function.lambda_handler({"preds": predictions, "golds": references}, Context())
    raise NotAScore("lambda_function.py defines neither compute_score(preds, golds) nor lambda_handler(event, context)")


def read_score(result):
    """The finite score of a metric's result, and the rest of the result."""
    if isinstance(result, dict) and "score" not in result and isinstance(result.get("body"), str):
        try:
            result = json.loads(result["body"])
        except ValueError:
            raise NotAScore("the metric returned a body that is not JSON")
    if not isinstance(result, dict):
        raise NotAScore('the metric must return a dict like {"score": 0.5, "scores": [0.5]}, got ' + type(result).__name__)
    if "score" not in result:
        raise NotAScore('the metric returned a dict without "score"; its keys: ' + plain(", ".join(str(key) for key in result), 300))
    value = result["score"]
    if value is None or isinstance(value, (str, bytes)):
        raise NotAScore('"score" must be a number, got ' + plain(repr(value), 100))
    try:
        score = float(value)
    except (TypeError, ValueError, OverflowError):
        raise NotAScore('"score" must be a number, got ' + plain(repr(value), 100))
    if not math.isfinite(score):
        raise NotAScore('"score" must be finite, got ' + repr(score))
    return score, {key: value for key, value in result.items() if key not in ("score", "scores")}


def diagnostics(rest):
    """Whatever else the metric returned, as lines of `key: value`."""
    lines = []
    for key, value in rest.items():
        if value is None or value == "":
            continue
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=repr)
        lines.append(str(key) + ": " + text)
    return plain("\n".join(lines), DIAGNOSTICS_CHARACTERS)


def answer(compute, request):
    """The reply to one request. Nothing that the metric raises gets out of here."""
    try:
        score, rest = read_score(compute([request["prediction"]], [request["reference"]]))
        return {"id": request["id"], "score": score, "diagnostics": diagnostics(rest)}
    except NotAScore as error:
        return {"id": request["id"], "failure": str(error)}
    except BaseException as error:  # SystemExit and KeyboardInterrupt too: the metric must not end its host
        return {"id": request["id"], "failure": "the metric raised: " + describe(error)}


def limit_threads(count):
    """Threads count as processes. Set here and not outside: in a user namespace of its own this process counts from zero."""
    import resource

    try:
        resource.setrlimit(resource.RLIMIT_NPROC, (count, count))
    except (OSError, ValueError):
        pass  # a lower limit holds already


def main():
    folder, threads = sys.argv[1], int(sys.argv[2])
    os.closerange(3, 4096)
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    if threads > 0:
        limit_threads(threads)

    def reply(message):
        message["cpu"] = time.process_time()
        # The end of what this call printed: the two pipes are read apart, and the reply may be read first.
        try:
            os.write(2, b"\0")
        except OSError:
            pass  # the metric closed it; the reader waits a moment, then goes on
        replies.write(json.dumps(message, allow_nan=False).encode("ascii") + b"\n")
        replies.flush()

    try:
        compute = load(folder)
    except NotAScore as error:
        reply({"failure": str(error)})
        return
    except BaseException as error:
        reply({"failure": "the metric cannot be loaded: " + describe(error)})
        return
    reply({"ready": True})
    for line in requests:
        reply(answer(compute, json.loads(line)))


main()
# Threads that the metric left behind must not keep the process.
os._exit(0)
