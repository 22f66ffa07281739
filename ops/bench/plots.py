"""The plots of ops/bench, where matplotlib is at hand."""

import statistics

try:
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot
except ImportError:
    pyplot = None


def save(figure, path, note):
    figure.text(0.01, 0.01, note, fontsize=6, color="0.4")
    figure.savefig(path, metadata={"Date": None})
    pyplot.close(figure)
    print(f"written: {path}")


def handout(results, path, note):
    """Tasks per second as bars, one a system, with the span of the rounds."""
    if pyplot is None:
        return
    shown = {name: [result["tasksPerSecond"] for result in found if "tasksPerSecond" in result] for name, found in results.items()}
    shown = {name: rates for name, rates in shown.items() if rates and name != "AdvPO start-up"}
    names = sorted(shown, key=lambda name: statistics.median(shown[name]))
    middles = [statistics.median(shown[name]) for name in names]
    spans = [[middle - min(shown[name]) for name, middle in zip(names, middles)], [max(shown[name]) - middle for name, middle in zip(names, middles)]]
    figure, axes = pyplot.subplots(figsize=(8, 0.5 * len(names) + 1.5), layout="constrained")
    axes.barh(names, middles, xerr=spans, color=["#2a6f97" if name.startswith("AdvPO") else "#adb5bd" for name in names])
    axes.set_xlabel("tasks per second (8 units a task: units per second)")
    axes.set_title("Hand-out of tasks that do nothing, 13 kB of content, two workers")
    save(figure, path, note)


def growth(rows, path, note):
    """Rate and memory over the length of the queue."""
    if pyplot is None:
        return
    lengths = [row["queued"] for row in rows]
    figure, (rate, memory) = pyplot.subplots(1, 2, figsize=(9, 3.6), layout="constrained")
    rate.plot(lengths, [row["tasksPerSecond"] for row in rows], "o-", color="#2a6f97")
    rate.set(xscale="log", ylim=(0, None), xlabel="queued tasks", ylabel="tasks handed out per second")
    memory.plot(lengths, [row["queueBytes"] / 1e6 for row in rows], "o-", color="#2a6f97")
    memory.set(xscale="log", yscale="log", xlabel="queued tasks", ylabel="memory of the queue, MB")
    figure.suptitle("What grows with the queue")
    save(figure, path, note)
