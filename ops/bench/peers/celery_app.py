"""The Celery application: one task that does nothing."""

import os

from celery import Celery

app = Celery("bench")


def use(socket):
    app.conf.broker_url = f"redis+socket://{socket}"
    app.conf.result_backend = f"redis+socket://{socket}"


if "ADVPO_BENCH_REDIS" in os.environ:
    use(os.environ["ADVPO_BENCH_REDIS"])


@app.task
def nothing(argument):
    return None
