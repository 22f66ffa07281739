"""What every peer's script shares: its arguments, the way it is timed, and the one JSON object that it prints.

A script gives `run` three functions: submit one task and return a handle, wait for the results of many handles, and end. Every task does nothing with an
argument of so many bytes. Warm-up, count and order are the same for all of them.
"""

import argparse
import json
import os
import time

BEGAN = time.perf_counter()


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--warm-up", type=int, default=1_000)
    parser.add_argument("--sequential", type=int, default=300)
    parser.add_argument("--argument-bytes", type=int, default=13_000)
    return parser.parse_args()


def resident_bytes():
    """Of this process and all below it. Pages that processes share are counted in each, as for every system here."""
    parents, memory = {}, {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/status") as status:
                fields = dict(line.split(":", 1) for line in status if ":" in line)
        except OSError:
            continue  # it has ended meanwhile
        parents[int(name)] = int(fields["PPid"])
        memory[int(name)] = int(fields.get("VmRSS", "0 kB").split()[0]) * 1024
    total, processes = 0, 0
    for process in memory:
        ancestor = process
        while ancestor not in (0, os.getpid()):
            ancestor = parents.get(ancestor, 0)
        if ancestor == os.getpid():
            total, processes = total + memory[process], processes + 1
    return total, processes


def run(name, options, submit, wait):
    """Times a peer that is up; the first result is what its start-up ends with."""
    wait([submit(0)])
    start_up = time.perf_counter() - BEGAN
    wait([submit(number) for number in range(options.warm_up)])

    begin = time.perf_counter()
    wait([submit(number) for number in range(options.count)])
    rate = options.count / (time.perf_counter() - begin)

    latencies = []
    for number in range(options.sequential):
        begin = time.perf_counter()
        wait([submit(number)])
        latencies.append((time.perf_counter() - begin) * 1e6)
    latencies.sort()
    memory, processes = resident_bytes()
    print(
        json.dumps(
            {
                "system": name,
                "tasksPerSecond": rate,
                "p50Microseconds": latencies[len(latencies) // 2],
                "p99Microseconds": latencies[len(latencies) * 99 // 100],
                "startUpSeconds": start_up,
                "residentBytes": memory,
                "processes": processes,
            }
        ),
        flush=True,
    )
