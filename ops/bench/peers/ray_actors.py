"""Ray: two actors, called in turn."""

import peer  # first: it notes when the script began

options = peer.arguments()

import ray_node

with ray_node.node() as ray:

    @ray.remote(num_cpus=1)
    class Worker:
        def nothing(self, argument):
            return None

    workers = [Worker.remote() for _ in range(2)]
    argument = b"x" * options.argument_bytes
    peer.run("Ray actors", options, lambda number: workers[number % 2].nothing.remote(argument), ray.get)
