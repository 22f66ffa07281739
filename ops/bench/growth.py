"""What grows with the queue; started by ops/bench/growth."""

import argparse
import json
import os
import statistics
import subprocess
import sys

import figures
import plots
from cluster import Cluster, Failure, end_cleanly


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--largest", type=int)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    options.largest = options.largest or (10_000 if options.short else 1_000_000)
    # Handed out and measured of each queue: the same number, so that only the queue behind them differs.
    options.measured = 500 if options.short else 10_000
    return options


def measure(options, length):
    """A short queue is over in a moment: its figures are the medians of several measurements."""
    repeats = 1 if options.short else {1_000: 7, 10_000: 3}.get(length, 1)
    found = [measure_once(options, length) for _ in range(repeats)]
    return {key: statistics.median(row[key] for row in found) for key in found[0]}


def measure_once(options, length):
    with Cluster(
        options.programs, options.work, "--units", length, "--queue-first", "--measure", min(length, options.measured)
    ) as cluster:
        queued = cluster.coordinator.event("queued", seconds=900)
        cluster.start_workers("--slots", "16")
        cluster.go()
        cluster.coordinator.event("first")
        measured = cluster.coordinator.event("measured", seconds=900)
        if measured["durableUnits"] < measured["units"]:
            raise Failure(f"{measured['units']} units were accepted, and {measured['durableUnits']} stand in the database")
        return {
            "queued": queued["units"],
            "queueSeconds": queued["seconds"],
            "queueBytes": queued["residentBytes"] - cluster.listening["residentBytes"],
            "tasksPerSecond": measured["tasksPerSecond"],
            "processorMicrosecondsPerUnit": measured["processorMicrosecondsPerUnit"],
            "peakBytes": measured["peakResidentBytes"],
        }


def main():
    end_cleanly()
    options = arguments()
    os.makedirs(options.output, exist_ok=True)
    machine = figures.machine(options.work)
    print(figures.describe(machine), flush=True)
    rows = []
    length = 1_000
    while length <= options.largest:
        rows.append(measure(options, length))
        print(f"measured with {length:,} queued tasks", flush=True)
        length *= 10
    first = rows[0]
    shown = [["queued", "tasks/s", "ratio", "coordinator's us/task", "ratio", "queue, MB", "bytes per further task", "peak, MB", "queued in, s", "us/task"]]
    before = {"queueBytes": 0, "queued": 0}
    for row in rows:
        further = (row["queueBytes"] - before["queueBytes"]) / (row["queued"] - before["queued"])
        before = row
        shown.append(
            [
                f"{row['queued']:,}",
                f"{row['tasksPerSecond']:,.0f}",
                f"{row['tasksPerSecond'] / first['tasksPerSecond']:.2f}",
                f"{row['processorMicrosecondsPerUnit']:.0f}",
                f"{row['processorMicrosecondsPerUnit'] / first['processorMicrosecondsPerUnit']:.2f}",
                f"{row['queueBytes'] / 1e6:,.1f}",
                f"{further:,.0f}",
                f"{row['peakBytes'] / 1e6:,.0f}",
                f"{row['queueSeconds']:.2f}",
                f"{row['queueSeconds'] * 1e6 / row['queued']:.0f}",
            ]
        )
    print("\nGrowth (ratios to the shortest queue)\n" + figures.table(shown))
    path = os.path.join(options.output, "growth.json")
    with open(path, "w") as file:
        json.dump({"machine": machine, "rows": rows}, file, indent=1)
    print(f"\nwritten: {path}")
    plots.growth(rows, os.path.join(options.output, "growth.svg"), figures.describe(machine))


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"error: {error}")
