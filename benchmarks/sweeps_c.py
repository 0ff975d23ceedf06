"""The generated C LAMB in float32, which sweeps twice over its arrays, against the same two sweeps written by hand.

The other sides keep the direction in a buffer between the sweeps, move the bytes of two sweeps with next to no
arithmetic, or are pytorch_optimizer's Lamb. All work on the same arrays with one thread.

Run it with: python benchmarks/sweeps_c.py
"""

from __future__ import annotations

import argparse
import itertools
import os
from collections.abc import Callable
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_optimizer
import torch
from adamw_c import BYTES_ROTATED, LEAST_ROUNDS, OUT_OF_CACHE, Buffers
from interleave import Timings, cores, interleave, machine

from symopt.catalogue import rule
from symopt.run.compile import FLAGS, NATIVE, compiler, needed, shared_library
from symopt.run.kernel import CKernel, load

SIZES = (100_000, 1_000_000, 10_000_000)
OURS, AGAIN, KEPT, FLOOR, TORCH = "generated C", "by hand", "direction kept", "streaming", "pytorch_optimizer"
PEERS = [f"{side}, times ours" for side in (AGAIN, KEPT, FLOOR, TORCH)]
HEADS = ("elements", "generated C, ns/element", *PEERS, "rounds")
SOURCE = Path(__file__).with_name("lamb_sweeps.c")
HYPERS = {"lr": 1e-3, "beta1": 0.9, "beta2": 0.999, "eps": 1e-6, "weight_decay": 1e-2}
HYPER_TYPES = ", ".join(f"double {name}" for name in HYPERS)
ARRAYS = "float *p, const float *g, float *m, float *v"


def generated_side(kernel: CKernel, sets: list[Buffers]) -> Callable[[], None]:
    """A step of the generated kernel on every set."""
    steps = [kernel.bind(b.p, b.g, b.states, 1, **HYPERS) for b in sets]
    count = itertools.count(1)

    def run() -> None:
        t = next(count)
        for step in steps:
            step(t)

    return run


@cache
def hand_library() -> tuple[Any, Any]:
    """cffi and the compiled loops, which are unloaded with the last reference to them."""
    ffi = needed("cffi").FFI()
    ffi.cdef(f"""
        void lamb_again(size_t n, size_t t, {HYPER_TYPES}, {ARRAYS});
        void lamb_kept(size_t n, size_t t, {HYPER_TYPES}, {ARRAYS}, float *u);
        void lamb_streaming(size_t n, float zero, {ARRAYS});
    """)
    return ffi, ffi.dlopen(str(shared_library({SOURCE.name: SOURCE.read_text()}, SOURCE.name)))


def pointers(b: Buffers, *more: Any) -> list[Any]:
    """The arrays as the loops take them."""
    return [hand_library()[0].from_buffer("float[]", array) for array in (b.p, b.g, b.m, b.v, *more)]


def hand_side(name: str, sets: list[Buffers]) -> Callable[[], None]:
    """A step of a loop that is written by hand on every set."""
    function = getattr(hand_library()[1], name)
    jobs = [pointers(b, *([np.empty_like(b.p)] if name == "lamb_kept" else [])) for b in sets]
    count = itertools.count(1)

    def run() -> None:
        t = next(count)
        for job in jobs:
            function(len(job[0]), t, *HYPERS.values(), *job)

    return run


def streaming_side(sets: list[Buffers]) -> Callable[[], None]:
    """The bytes of two sweeps on every set."""
    jobs = [pointers(b) for b in sets]

    def run() -> None:
        for job in jobs:
            hand_library()[1].lamb_streaming(len(job[0]), 0.0, *job)

    return run


def torch_side(sets: list[Buffers]) -> Callable[[], None]:
    """A step of pytorch_optimizer's Lamb on every set, on the same memory."""
    optimizers = []
    for b in sets:
        parameter = torch.nn.Parameter(torch.from_numpy(b.p))
        parameter.grad = torch.from_numpy(b.g)
        betas = (HYPERS["beta1"], HYPERS["beta2"])
        others = {"weight_decay": HYPERS["weight_decay"], "weight_decouple": False, "eps": HYPERS["eps"]}
        optimizer = pytorch_optimizer.Lamb([parameter], HYPERS["lr"], betas, **others)
        optimizer.step()  # makes the state, whose arrays are then ours
        state = optimizer.state[parameter]
        state["exp_avg"], state["exp_avg_sq"] = torch.from_numpy(b.m), torch.from_numpy(b.v)
        optimizers.append(optimizer)

    def run() -> None:
        for optimizer in optimizers:
            optimizer.step()

    return run


def check(kernel: CKernel) -> None:
    """The generated step and those by hand give the same parameter, before they are timed."""
    made = {}
    for side in ("ours", "lamb_again", "lamb_kept"):
        b = Buffers.random(4099, seed=7)
        (generated_side(kernel, [b]) if side == "ours" else hand_side(side, [b]))()
        made[side] = b.p
    if not all(np.allclose(p, made["ours"], rtol=1e-5, atol=1e-6) for p in made.values()):
        raise SystemExit("the loops by hand do not take the step of the generated kernel")


def measure(kernel: CKernel, size: int, rounds: int) -> Timings:
    """All sides at one size; seconds are those of an element."""
    count = -(-BYTES_ROTATED // (16 * size)) if size >= OUT_OF_CACHE else 1
    sets = [Buffers.random(size, seed) for seed in range(count)]
    sides = {
        OURS: generated_side(kernel, sets),
        AGAIN: hand_side("lamb_again", sets),
        KEPT: hand_side("lamb_kept", sets),
        FLOOR: streaming_side(sets),
        TORCH: torch_side(sets),
    }
    timings = interleave(sides, 1 if count > 1 else max(1, 8_000_000 // size), rounds)
    seconds = {side: [s / (count * size) for s in found] for side, found in timings.seconds.items()}
    return Timings(seconds, timings.spoilt)


def row(found: Timings) -> list[str]:
    """What the table says of one measurement, after the size."""
    rounds = f"{found.rounds} of {found.rounds + found.spoilt}"
    if found.rounds < LEAST_ROUNDS:
        return ["the machine is too busy", *[""] * 4, rounds]
    ratios = [str(found.ratio(side, OURS)) for side in (AGAIN, KEPT, FLOOR, TORCH)]
    return [f"{found.median(OURS) * 1e9:.3f}", *ratios, rounds]


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--rounds", type=int, default=31)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {cores()[-1]})
    kernel = load(rule("lamb"), "float32")
    check(kernel)
    flags = " ".join([*compiler(), *FLAGS, NATIVE])
    print(f"{machine()}, torch {torch.__version__}, pytorch_optimizer {version('pytorch_optimizer')}, {flags}\n")
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for size in chosen.sizes:
        print(f"| {' | '.join([f'{size:.0e}', *row(measure(kernel, size, chosen.rounds))])} |", flush=True)


if __name__ == "__main__":
    main()
