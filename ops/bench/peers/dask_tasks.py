"""Dask distributed: a scheduler and two workers of one thread each, as processes."""

import peer  # first: it notes when the script began

import logging

from distributed import Client, LocalCluster


def nothing(argument):
    return None


if __name__ == "__main__":
    options = peer.arguments()
    argument = b"x" * options.argument_bytes
    cluster = LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None, silence_logs=logging.ERROR)
    with cluster, Client(cluster) as client:
        # Not pure: equal calls would otherwise be one task.
        peer.run("Dask", options, lambda number: client.submit(nothing, argument, pure=False), client.gather)
