"""Numbers for people: percentiles of what was measured."""

import math


def percentile(values, share):
    """The smallest value that at least this share of all are not above (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def summary(values):
    return {"p50": percentile(values, 0.5), "p99": percentile(values, 0.99), "max": max(values)}
