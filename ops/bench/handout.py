"""Hand-out of tasks beside other systems; started by ops/bench/handout."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import time

import figures
from cluster import Cluster, Failure, Process, end_cleanly

OUTSTANDING = 16  # of each of the two workers, and of each of the two clients of the echo

# What is measured of AdvPO: how the workers are started and how the coordinator is.
VARIANTS = {
    "by reference": ([], []),
    "inline": (["--cache-bytes", "0"], []),
    "8 units a task": ([], ["--units-per-task", "8", "--queue-first"]),
}


def arguments():
    parser = argparse.ArgumentParser()
    parser.add_argument("--programs", required=True)
    parser.add_argument("--echo", required=True)
    parser.add_argument("--work", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--peer", action="append", default=[], help="PYTHON:SCRIPT")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--tasks", type=int)
    parser.add_argument("--short", action="store_true")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.short else 3)
    options.tasks = options.tasks or (500 if options.short else 10_000)
    options.sequential = 20 if options.short else 300
    options.echo_seconds = 0.5 if options.short else 3
    return options


class Bench:
    def __init__(self, options):
        self.options = options
        self.exchanges = {}

    # ---------------------------------------------------------------- AdvPO

    def throughput(self, variant, tasks, *more_for_workers):
        worker, coordinator = VARIANTS[variant]
        with Cluster(self.options.programs, self.options.work, "--units", tasks, *coordinator) as cluster:
            if "--queue-first" in coordinator:
                cluster.coordinator.event("queued")
            cluster.start_workers("--slots", OUTSTANDING, *worker, *more_for_workers)
            cluster.go()
            if "--queue-first" not in coordinator:
                cluster.coordinator.event("queued")
            first = cluster.coordinator.event("first")
            measured = cluster.coordinator.event("measured")
            if measured["durableUnits"] < measured["units"]:
                raise Failure(f"{measured['units']} units were accepted, and {measured['durableUnits']} stand in the database")
            workers = cluster.end_workers()
            measured["startUpSeconds"] = first["atMilliseconds"] / 1000 - cluster.coordinator.began
            measured["workerMicrosecondsPerUnit"] = sum(worker["processorSeconds"] for worker in workers) * 1e6 / measured["units"]
            return measured, workers

    def wire(self, variant):
        """Exchanges of one task and the frames' sizes, by kind: counted in a run of its own, because counting costs time."""
        measured, workers = self.throughput(variant, 500 if self.options.short else 2_000, "--count-messages")
        kinds = {}
        for worker in workers:
            for kind, counted in worker["exchanges"].items():
                sums = kinds.setdefault(kind, dict.fromkeys(counted, 0))
                for key, value in counted.items():
                    sums[key] += value
        kinds.pop("pullInVain", None)
        self.exchanges[variant] = {
            kind: {
                "perTask": sums["count"] / measured["units"],
                "requestBytes": sums["requestBytes"] / sums["count"],
                "replyBytes": sums["replyBytes"] / sums["count"],
            }
            for kind, sums in kinds.items()
        }

    def exchanges_per_task(self, variant):
        return sum(kind["perTask"] for kind in self.exchanges[variant].values())

    def bytes_per_task(self, variant):
        return sum(kind["perTask"] * (kind["requestBytes"] + kind["replyBytes"]) for kind in self.exchanges[variant].values())

    def sequential(self):
        with Cluster(self.options.programs, self.options.work, "--sequential", self.options.sequential) as cluster:
            cluster.start_workers("--slots", OUTSTANDING)
            cluster.go()
            return cluster.coordinator.event("sequential")

    def memory(self):
        """Resident bytes: of an idle coordinator, of a queue, and of the worker as it is shipped."""
        tasks = 1_000 if self.options.short else 10_000
        # The first tasks pay for much that later ones find: what 10,000 tasks cost is the difference of two queues.
        with Cluster(self.options.programs, self.options.work, "--units", 2 * tasks, "--queue-first") as cluster:
            longer = cluster.coordinator.event("queued")
        catalog = os.path.join(self.options.work, "idle-models.yaml")
        with open(catalog, "w") as file:
            file.write("models:\n  - id: idle\n    provider: simulated\n    model: echo\n")
        with Cluster(self.options.programs, self.options.work, "--units", tasks, "--queue-first") as cluster:
            queued = cluster.coordinator.event("queued")
            worker = Process(
                os.path.join(self.options.programs, "advpo-worker"), *cluster.addresses(), "--models", catalog, "--slots", OUTSTANDING, "--log-level", "error")
            try:
                self.wait_for_quiet(worker)
                idle = worker.memory()[0]
            finally:
                worker.process.terminate()
                worker.end()
            per_task = (longer["residentBytes"] - queued["residentBytes"]) / (longer["units"] - queued["units"])
            return {"coordinatorBytes": cluster.listening["residentBytes"], "per10000TasksBytes": per_task * 10_000, "idleWorkerBytes": idle}

    @staticmethod
    def wait_for_quiet(worker):
        """Until its memory has stood still for half a second."""
        last, still = 0, 0
        while still < 5:
            time.sleep(0.1)
            if worker.process.poll() is not None:
                raise Failure("the worker ended at its start")
            now = worker.memory()[0]
            last, still = now, still + 1 if now == last else 0

    # ---------------------------------------------------------------- the others

    def echo(self, variant, contexts=OUTSTANDING, clients=2):
        """Exchanges of the same sizes, as many under way, in the same proportion, without anything but the transport."""
        pairs = []
        for kind in self.exchanges[variant].values():
            pairs += [f"{round(kind['requestBytes'])}:{round(kind['replyBytes'])}"] * round(kind["perTask"])
        server = subprocess.Popen([self.options.echo, "server", "tcp://127.0.0.1:0", "64"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            address = server.stdout.readline().strip()
            command = [self.options.echo, "client", address, str(contexts), str(self.options.echo_seconds), *pairs]
            running = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(clients)]
            results = [json.loads(client.communicate(timeout=60)[0]) for client in running]
        finally:
            server.stdin.close()
            server.wait(timeout=20)
        return {
            "exchangesPerSecond": sum(result["exchangesPerSecond"] for result in results),
            "p50Microseconds": statistics.median(result["p50Microseconds"] for result in results),
            "p99Microseconds": max(result["p99Microseconds"] for result in results),
        }

    def peer(self, python, script):
        command = [python, script, "--count", str(self.options.tasks), "--warm-up", str(self.options.tasks // 10), "--sequential", str(self.options.sequential)]
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=900, check=False)
        lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines:
            print(f"skipped: {os.path.basename(script)} gave no result: {done.stderr.strip()[-300:]}", flush=True)
            return None
        return json.loads(lines[-1])

    # ---------------------------------------------------------------- all of them, in turn

    def steps(self):
        made = [(f"AdvPO {variant}", lambda variant=variant: self.throughput(variant, self.options.tasks)[0]) for variant in VARIANTS]
        made += [(f"C echo {variant}", lambda variant=variant: self.echo(variant)) for variant in ("by reference", "inline")]
        made += [("AdvPO sequential", self.sequential), ("C echo sequential", lambda: self.echo("by reference", 1, 1))]
        made += [("AdvPO start-up", lambda: self.throughput("by reference", 1)[0])]
        for peer in self.options.peer:
            python, script = peer.split(":")
            made.append((os.path.basename(script), lambda python=python, script=script: self.peer(python, script)))
        return made

    def rounds(self):
        results = {}
        steps = self.steps()
        for round_number in range(self.options.rounds):
            # Each round begins with another system: none always runs on a machine that has just been busy.
            shift = round_number * 3 % len(steps)
            for name, step in steps[shift:] + steps[:shift]:
                result = step()
                if result is not None:
                    results.setdefault(result.get("system", name), []).append(result)
            print(f"round {round_number + 1} of {self.options.rounds} is done", flush=True)
        return results


def values(results, name, key):
    return [result[key] for result in results.get(name, []) if key in result]


def report(bench, results, memory):
    peers = [name for name, found in results.items() if "system" in found[0]]
    rows = [["", "tasks/s", "from submit, tasks/s", "sequential p50, us", "p99, us", "start-up, s", "memory, MB"]]
    for variant in VARIANTS:
        name = f"AdvPO {variant}"
        # Only the first is also measured one at a time.
        first = variant == "by reference"
        rows.append(
            [
                name,
                figures.spread(values(results, name, "tasksPerSecond")),
                figures.spread(values(results, name, "tasksPerSecondFromSubmit")),
                figures.spread(values(results, "AdvPO sequential", "p50Microseconds")) if first else "",
                figures.spread(values(results, "AdvPO sequential", "p99Microseconds")) if first else "",
                figures.spread(values(results, "AdvPO start-up", "startUpSeconds"), "{:.2f}") if first else "",
                f"{(memory['coordinatorBytes'] + 2 * memory['idleWorkerBytes']) / 1e6:.0f}" if first else "",
            ]
        )
    for name in peers:
        found = results[name]
        rows.append(
            [
                name,
                figures.spread(values(results, name, "tasksPerSecond")),
                "",
                figures.spread(values(results, name, "p50Microseconds")),
                figures.spread(values(results, name, "p99Microseconds")),
                figures.spread(values(results, name, "startUpSeconds"), "{:.2f}"),
                f"{statistics.median(result['residentBytes'] for result in found) / 1e6:.0f}",
            ]
        )
    for variant in ("by reference", "inline"):
        name = f"C echo {variant}"
        rows.append([f"{name} (exchanges/s)", figures.spread(values(results, name, "exchangesPerSecond")), "", "", "", "", ""])
    rows.append(
        ["C echo, one at a time", "", ""]
        + [figures.spread(values(results, "C echo sequential", key)) for key in ("p50Microseconds", "p99Microseconds")]
        + ["", ""]
    )
    print("\nHand-out (median (lowest..highest) of the rounds)\n" + figures.table(rows))
    print(
        f"\nMemory: idle coordinator {memory['coordinatorBytes'] / 1e6:.1f} MB, idle worker {memory['idleWorkerBytes'] / 1e6:.1f} MB, "
        f"10,000 queued tasks {memory['per10000TasksBytes'] / 1e6:.1f} MB"
    )
    for variant, kinds in bench.exchanges.items():
        shown = ", ".join(f"{k['perTask']:.2f} {name} ({k['requestBytes']:.0f} + {k['replyBytes']:.0f} B)" for name, k in kinds.items())
        print(f"Wire, {variant}: {bench.bytes_per_task(variant):.0f} B and {bench.exchanges_per_task(variant):.2f} exchanges per task: {shown}")
    for variant in VARIANTS:
        found = results[f"AdvPO {variant}"]
        print(
            f"Work, {variant}: {statistics.median(r['processorMicrosecondsPerUnit'] for r in found):.0f} us of the coordinator's processor time and "
            f"{statistics.median(r['workerMicrosecondsPerUnit'] for r in found):.0f} us of the workers' per unit; "
            f"{statistics.median(r['units'] / r['commits'] for r in found):.0f} units a commit"
        )


def compare(bench, results):
    """Every ratio with the aim that it has."""
    made = {}
    peers = {name: statistics.median(values(results, name, "tasksPerSecond")) for name, found in results.items() if "system" in found[0]}
    best = max(peers, key=peers.get) if peers else None
    for variant in ("by reference", "inline"):
        ours = values(results, f"AdvPO {variant}", "tasksPerSecond")
        if best:
            made[f"AdvPO {variant} / {best}, the best peer (aim 3)"] = figures.ratios(ours, values(results, best, "tasksPerSecond"))
            from_submit = values(results, f"AdvPO {variant}", "tasksPerSecondFromSubmit")
            made[f"AdvPO {variant} from submit / {best}"] = figures.ratios(from_submit, values(results, best, "tasksPerSecond"))
        echoes = values(results, f"C echo {variant}", "exchangesPerSecond")
        exchanges = [rate * bench.exchanges_per_task(variant) for rate in ours]
        made[f"AdvPO {variant} / C echo, exchanges over exchanges (aim 0.6)"] = figures.ratios(exchanges, echoes)
        made[f"AdvPO {variant} / C echo, tasks over exchanges"] = figures.ratios(ours, echoes)
    made["AdvPO 8 units a task / AdvPO by reference, units over units"] = figures.ratios(
        values(results, "AdvPO 8 units a task", "tasksPerSecond"), values(results, "AdvPO by reference", "tasksPerSecond"))
    sequential = values(results, "AdvPO sequential", "p50Microseconds")
    for name in peers:
        made[f"sequential p50: {name} / AdvPO"] = figures.ratios(values(results, name, "p50Microseconds"), sequential)
    made["sequential p50: AdvPO / C echo"] = figures.ratios(sequential, values(results, "C echo sequential", "p50Microseconds"))
    return {name: ratios for name, ratios in made.items() if ratios}


def main():
    end_cleanly()
    options = arguments()
    os.makedirs(options.output, exist_ok=True)
    machine = figures.machine(options.work)
    print(figures.describe(machine), flush=True)
    bench = Bench(options)
    for variant in ("by reference", "inline"):
        bench.wire(variant)
    memory = bench.memory()
    results = bench.rounds()
    report(bench, results, memory)
    ratios = compare(bench, results)
    print("\nRatios\n" + figures.table([[name, figures.spread(found, "{:.3g}")] for name, found in ratios.items()]))
    path = os.path.join(options.output, "handout.json")
    with open(path, "w") as file:
        json.dump({"machine": machine, "tasks": options.tasks, "exchanges": bench.exchanges, "memory": memory, "results": results, "ratios": ratios}, file, indent=1)
    print(f"\nwritten: {path}")
    import plots

    plots.handout(results, os.path.join(options.output, "handout.svg"), figures.describe(machine))


if __name__ == "__main__":
    try:
        main()
    except (Failure, OSError, subprocess.SubprocessError) as error:
        sys.exit(f"error: {error}")
