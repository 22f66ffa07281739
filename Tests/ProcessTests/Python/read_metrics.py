"""Reads pages of metrics with Prometheus's own parser and prints each as one JSON object: a sample's name with its labels, and its value.

    read_metrics.py URL...
"""

import json
import sys
import urllib.request

from prometheus_client.parser import text_string_to_metric_families

for url in sys.argv[1:]:
    with urllib.request.urlopen(url) as answer:
        assert answer.headers["Content-Type"].startswith("text/plain; version=0.0.4"), answer.headers["Content-Type"]
        page = answer.read().decode()
    samples, types = {}, {}
    for family in text_string_to_metric_families(page):
        assert family.documentation, family.name
        assert family.type != "unknown", family.name
        types[family.name] = family.type
        for sample in family.samples:
            labels = ",".join(f"{key}={value}" for key, value in sorted(sample.labels.items()))
            key = f"{sample.name}{{{labels}}}" if labels else sample.name
            assert key not in samples, f"{key} stands twice"
            samples[key] = sample.value
    print(json.dumps({"types": types, "samples": samples}))
