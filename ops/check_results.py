"""check_results.py RESULTS.jsonl: every run of a job's results succeeded, and its proof is made of real numbers.

Ends with status 1 and one line for each fault; without faults it prints what was proven.
"""

import json
import math
import sys

MEANS = ("originalMean", "candidateMean", "probabilityOfGain", "pValue", "smallestDetectableDifference")
INTERVALS = ("differenceInterval", "originalInterval", "candidateInterval")
METRICS = ("averageScore", "averageInputTokens", "averageOutputTokens", "averageTtftInSec")


def is_number(value):
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def faults_of_proof(proof):
    if not isinstance(proof, dict):
        return ["it has no proof"]
    faults = [f"proof.{name} is {proof.get(name)!r}, not a finite number" for name in MEANS if not is_number(proof.get(name))]
    for name in INTERVALS:
        interval = proof.get(name) or {}
        lower, upper = interval.get("lower"), interval.get("upper")
        if not (is_number(lower) and is_number(upper) and lower <= upper):
            faults.append(f"proof.{name} is {interval!r}, not an interval")
    if not (isinstance(proof.get("pairs"), int) and proof["pairs"] > 0):
        faults.append(f"proof.pairs is {proof.get('pairs')!r}, not a positive count")
    return faults


def faults_of_run(run):
    faults = []
    if run.get("status") != "SUCCESS":
        faults.append(f"its status is {run.get('status')!r}: {run.get('failureReason', 'no reason is given')}")
    for side in ("originalPromptMetrics", "optimizedPromptMetrics"):
        metrics = run.get(side) or {}
        faults += [f"{side}.{name} is {metrics.get(name)!r}, not a finite number" for name in METRICS if not is_number(metrics.get(name))]
    if not run.get("dataset"):
        faults.append("its dataset is empty")
    return faults + faults_of_proof(run.get("proof"))


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        templates = [json.loads(line) for line in file if line.strip()]
    runs = [(template["promptTemplateId"], run) for template in templates for run in template.get("promptOptimizationResults", [])]
    faults = [] if runs else ["it holds no run"]
    for template, run in runs:
        name = f"{template} on {run.get('modelId')}"
        found = faults_of_run(run)
        faults += [f"{name}: {fault}" for fault in found]
        if not found:
            proof = run["proof"]
            print(f"{name}: {proof['verdict']}, {proof['originalMean']:.3f} to {proof['candidateMean']:.3f} on {proof['pairs']} {proof['split']} samples")
    for fault in faults:
        print(f"{sys.argv[1]}: {fault}", file=sys.stderr)
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
