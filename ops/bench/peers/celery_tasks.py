"""Celery with Redis as broker and result store, on a Unix socket and without persistence; two prefork workers."""

import peer  # first: it notes when the script began

import os
import shutil
import subprocess
import sys
import tempfile
import time

import celery_app

options = peer.arguments()
folder = tempfile.mkdtemp(prefix="celery-", dir="/tmp")
socket = os.path.join(folder, "redis.sock")
environment = dict(os.environ, ADVPO_BENCH_REDIS=socket)
redis = subprocess.Popen(
    ["redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--appendonly", "no", "--dir", folder], stdout=subprocess.DEVNULL)
worker = None
try:
    while not os.path.exists(socket):
        if redis.poll() is not None:
            sys.exit("redis-server did not start")
        time.sleep(0.01)
    worker = subprocess.Popen(
        [sys.executable, "-m", "celery", "-A", "celery_app", "worker", "--pool", "prefork", "--concurrency", "2", "--loglevel", "ERROR",
         "--without-gossip", "--without-mingle", "--without-heartbeat"],
        cwd=os.path.dirname(os.path.abspath(__file__)), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    celery_app.use(socket)
    argument = "x" * options.argument_bytes  # text, because its messages are JSON
    peer.run(
        "Celery with Redis", options, lambda number: celery_app.nothing.delay(argument), lambda handles: [handle.get(timeout=120) for handle in handles])
finally:
    for process in filter(None, [worker, redis]):
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
    shutil.rmtree(folder, ignore_errors=True)
