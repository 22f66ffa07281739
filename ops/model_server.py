"""A real local model behind OpenAI's HTTP interface: llama.cpp's server, as the package xllamacpp carries it.

Listens on 127.0.0.1 alone, says so once it answers, and runs until SIGINT or SIGTERM.
"""

import argparse
import json
import os
import signal
import sys
import time
import urllib.request

# Spinning threads collapse when cores are shared, and the library reads this when it is loaded.
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import xllamacpp  # noqa: E402  (after the environment is set)


def arguments():
    parser = argparse.ArgumentParser(prog="ops/model-server", description=__doc__)
    parser.add_argument("--model", required=True, help="the weights, a GGUF file")
    parser.add_argument("--alias", default="smollm2-135m-instruct", help="the model's name in requests")
    parser.add_argument("--port", type=int, default=8080, help="0 takes a free one (default: 8080)")
    parser.add_argument("--slots", type=int, default=4, help="requests answered at once (default: 4)")
    parser.add_argument("--context", type=int, default=2048, help="tokens of context for each slot (default: 2048)")
    parser.add_argument("--threads", type=int, default=len(os.sched_getaffinity(0)), help="(default: all cores)")
    parser.add_argument("--start-seconds", type=int, default=60, help="how long it may take to start (default: 60)")
    parser.add_argument("--address-file", help="write the base URL here once it answers")
    return parser.parse_args()


def start(options):
    parameters = xllamacpp.CommonParams()
    parameters.model.path = options.model
    parameters.model_alias = [options.alias]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = options.port
    parameters.n_parallel = options.slots
    parameters.n_ctx = options.slots * options.context
    parameters.cont_batching = True
    parameters.cpuparams.n_threads = options.threads
    # Kept prompts may take 8 GB by default: too much for a small machine, and of no use to short prompts.
    parameters.cache_ram_mib = 256
    parameters.ui = False
    parameters.verbosity = 1
    return xllamacpp.Server(parameters)


def wait_until_it_answers(address, alias, deadline, stops):
    """Polls /health, then looks for the model's name in /v1/models."""
    problem = "no answer yet"
    while time.monotonic() < deadline and not signal.sigpending() & stops:
        try:
            with urllib.request.urlopen(address + "/health", timeout=2):
                pass
            with urllib.request.urlopen(address + "/v1/models", timeout=2) as answer:
                names = [model["id"] for model in json.load(answer)["data"]]
            if alias in names:
                return
            problem = f"it serves {names}, not {alias}"
        except (OSError, ValueError, KeyError) as error:
            problem = str(error)
        time.sleep(0.05)
    sys.exit(f"error: the model server at {address} did not become healthy: {problem}")


def stop_signals():
    # A shell starts background jobs with SIGINT ignored, so that Ctrl-C reaches only what stands in front.
    ignored = signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    return {signal.SIGTERM} if ignored else {signal.SIGTERM, signal.SIGINT}


def main():
    options = arguments()
    if not os.path.isfile(options.model):
        sys.exit(f"error: there are no weights at {options.model}; ops/model-server fetches them")
    # Blocked before the library starts its threads, which inherit that: the signals are then ours alone to take.
    stops = stop_signals()
    signal.pthread_sigmask(signal.SIG_BLOCK, stops)
    # Loading happens inside the library, out of Python's reach: the alarm's default action bounds it.
    signal.alarm(options.start_seconds)
    deadline = time.monotonic() + options.start_seconds
    try:
        server = start(options)
    except Exception as error:  # the library raises RuntimeError for every fault, a port in use among them
        sys.exit(f"error: the model server could not start on port {options.port}: {error}. Is the port taken? --port 0 takes a free one.")
    signal.alarm(0)
    wait_until_it_answers(server.listening_address, options.alias, deadline, stops)

    base_url = server.listening_address + "/v1"
    print(f"{options.alias} answers at {base_url} ({options.slots} slots of {options.context} tokens); Ctrl-C stops it", flush=True)
    if options.address_file:
        # Renamed into place, so that a reader never sees half an address.
        with open(options.address_file + ".part", "w", encoding="utf-8") as file:
            file.write(base_url + "\n")
        os.replace(options.address_file + ".part", options.address_file)

    signal.sigwait(stops)
    print("stopped", flush=True)
    # Without the library's own farewell, which would wait for answers that nobody waits for.
    os._exit(0)


if __name__ == "__main__":
    main()
