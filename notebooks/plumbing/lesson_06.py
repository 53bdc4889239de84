"""What lesson 6 needs beside its cells: where the time of a walk goes."""

import time


def time_inside(network, walk):
    """Walk to the end of the generator `walk`: how often `network` was called, and its share of the time (0 to 1)."""
    began, inside = [], []

    def before(*_):
        began.append(time.perf_counter())

    def after(_, given, answer):
        answer.flatten()[0].item()  # an accelerator answers before it has computed: wait for the number
        inside.append(time.perf_counter() - began[-1])

    hooks = [network.register_forward_pre_hook(before), network.register_forward_hook(after)]
    try:
        begin = time.perf_counter()
        for _ in walk:
            pass
        return len(inside), sum(inside) / (time.perf_counter() - begin)
    finally:
        for hook in hooks:
            hook.remove()
