"""Numbers as they are printed, and what is said of the machine that they come from."""

import datetime
import os
import platform
import statistics
import subprocess
import tempfile
import time


def machine(folder):
    """The processor, the memory, the load at the start, and what a journal's commit costs on the disk of `folder`."""
    with open("/proc/cpuinfo") as information:
        model = next((line.split(":", 1)[1].strip() for line in information if line.startswith("model name")), platform.machine())
    with open("/proc/meminfo") as information:
        total = int(information.readline().split()[1]) // (1024 * 1024)
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    return {
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC"),
        "commit": commit,
        "processors": len(os.sched_getaffinity(0)),
        "processor": model,
        "memoryGibibytes": total,
        "kernel": platform.release(),
        "loadAverage": os.getloadavg()[0],
        "syncMicroseconds": sync_microseconds(folder),
    }


def sync_microseconds(folder, count=100):
    """Median of appending 4 KiB and waiting until the disk has them."""
    times = []
    with tempfile.TemporaryFile(dir=folder) as file:
        for _ in range(count):
            begin = time.perf_counter()
            os.write(file.fileno(), b"x" * 4096)
            os.fdatasync(file.fileno())
            times.append((time.perf_counter() - begin) * 1e6)
    return statistics.median(times)


def describe(machine):
    return (
        f"{machine['date']}, commit {machine['commit'] or 'unknown'}: {machine['processors']} x {machine['processor']}, {machine['memoryGibibytes']} GiB, "
        f"Linux {machine['kernel']}, load {machine['loadAverage']:.1f}, a sync of 4 KiB takes {machine['syncMicroseconds']:.0f} us"
    )


def spread(values, form="{:,.0f}"):
    """`median (lowest..highest)`."""
    if not values:
        return "-"
    middle = form.format(statistics.median(values))
    return middle if len(values) == 1 else f"{middle} ({form.format(min(values))}..{form.format(max(values))})"


def ratios(over, under):
    """Round by round: what is compared ran within the same minute."""
    return [a / b for a, b in zip(over, under) if b]


def table(rows, indent="  "):
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(indent + "  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in rows)
