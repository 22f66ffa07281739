"""One Ray node on loopback, without dashboard, in a folder of its own that goes with it."""

import contextlib
import os
import shutil
import tempfile

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# On loopback, for seconds, and faster without: a peer is measured at its best.
os.environ.setdefault("RAY_AUTH_MODE", "disabled")

import ray


@contextlib.contextmanager
def node():
    # Ray's sockets have long names below it, and a socket's path is short.
    folder = tempfile.mkdtemp(prefix="ray-", dir="/tmp")
    try:
        ray.init(
            num_cpus=2, include_dashboard=False, log_to_driver=False, configure_logging=False, _temp_dir=folder, _node_ip_address="127.0.0.1",
            object_store_memory=256 * 1024 * 1024,
        )
        yield ray
    finally:
        ray.shutdown()
        shutil.rmtree(folder, ignore_errors=True)
