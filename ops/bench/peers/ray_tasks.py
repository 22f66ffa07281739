"""Ray: a remote function on two processors."""

import peer  # first: it notes when the script began

options = peer.arguments()

import ray_node

with ray_node.node() as ray:

    @ray.remote(num_cpus=1)
    def nothing(argument):
        return None

    argument = b"x" * options.argument_bytes
    peer.run("Ray tasks", options, lambda number: nothing.remote(argument), ray.get)
