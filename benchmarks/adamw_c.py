"""The generated C AdamW in float32 against a streaming loop over the same bytes, and against torch's fused AdamW.

All sides work on the same arrays. With several threads each has a core of its own, on both sides: a
scheduler that puts two threads on one core would otherwise be what is measured.

Run it with: python benchmarks/adamw_c.py
"""

from __future__ import annotations

import argparse
import itertools
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from interleave import Timings, cores, interleave, machine
from numpy.typing import NDArray

from symopt.catalogue import rule
from symopt.run.compile import FLAGS, NATIVE, compiler, needed, shared_library
from symopt.run.kernel import CKernel, load
from symopt.run.team import chunks, team

Array = NDArray[np.float32]
SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
# Importing torch binds the process to its first place, so the cores are listed before (see main).
PLACES = "OMP_PLACES"
CORES = [int(place) for place in re.findall(r"\d+", os.environ.get(PLACES, ""))]
OURS, FLOOR, TORCH = "generated C", "streaming", "torch fused"
# Arrays of the largest size together exceed every cache; smaller ones are meant to be found in it.
OUT_OF_CACHE = 10_000_000
BYTES_ROTATED = 640_000_000
LEAST_ROUNDS = 5
HEADS = ("elements", "threads", "generated C, ns/element", "rate, of streaming", "torch fused, times ours", "rounds")
STREAMING = Path(__file__).with_name("streaming.c")


@dataclass(frozen=True)
class Buffers:
    """One set of arrays that all sides update."""

    p: Array
    g: Array
    m: Array
    v: Array

    @classmethod
    def random(cls, size: int, seed: int) -> Buffers:
        """Parameters and gradients of the usual magnitudes, and moments that fit them."""
        made = np.random.default_rng(seed)
        p, g = (made.standard_normal(size, dtype=np.float32) for _ in range(2))
        return cls(p, g, 0.1 * g, 0.01 * g * g)

    @property
    def states(self) -> dict[str, Array]:
        """The moments by the names of the rule."""
        return {"m": self.m, "v": self.v}


def generated_side(kernel: CKernel, sets: list[Buffers], threads: int) -> Callable[[], None]:
    """A step of the generated kernel on every set."""
    steps = [kernel.bind(b.p, b.g, b.states, threads) for b in sets]
    count = itertools.count(1)

    def run() -> None:
        t = next(count)
        for step in steps:
            step(t)

    return run


@cache
def streaming_library() -> tuple[Any, Any]:
    """cffi and the compiled streaming loop, which is unloaded with the last reference to it."""
    ffi = needed("cffi").FFI()
    ffi.cdef("void symopt_streaming(size_t n, float zero, float *p, const float *g, float *m, float *v);")
    return ffi, ffi.dlopen(str(shared_library({STREAMING.name: STREAMING.read_text()}, STREAMING.name)))


def streaming_side(sets: list[Buffers], threads: int) -> Callable[[], None]:
    """The streaming loop on every set, divided among threads as the kernel is."""
    ffi, library = streaming_library()

    def pointers(b: Buffers, start: int, stop: int) -> list[object]:
        return [stop - start, 0.0, *(ffi.from_buffer("float[]", a[start:stop]) for a in (b.p, b.g, b.m, b.v))]

    together = team(threads)
    jobs = [[pointers(b, *bounds) for bounds in chunks(b.p.size, threads)] for b in sets]

    def run() -> None:
        for job in jobs:
            if len(job) == 1:
                library.symopt_streaming(*job[0])
            else:
                together.run(lambda k, job=job: library.symopt_streaming(*job[k]) or 0, len(job))

    return run


def torch_side(sets: list[Buffers]) -> Callable[[], None]:
    """A step of torch.optim.AdamW(fused=True) on every set, on the same memory."""
    optimizers = []
    for b in sets:
        parameter = torch.nn.Parameter(torch.from_numpy(b.p))
        parameter.grad = torch.from_numpy(b.g)
        optimizer = torch.optim.AdamW([parameter], fused=True)
        optimizer.step()  # makes the state, whose arrays are then ours
        state = optimizer.state[parameter]
        state["exp_avg"], state["exp_avg_sq"] = torch.from_numpy(b.m), torch.from_numpy(b.v)
        optimizers.append(optimizer)

    def run() -> None:
        for optimizer in optimizers:
            optimizer.step()

    return run


def check(kernel: CKernel) -> None:
    """The kernel in float32 against itself in float64 on fresh numbers, before it is timed."""
    b = Buffers.random(4099, seed=7)
    double = [a.astype(np.float64) for a in (b.p, b.g, b.m, b.v)]
    load(rule("adamw"), "float64").step(double[0], double[1], {"m": double[2], "v": double[3]}, 5)
    kernel.step(b.p, b.g, b.states, 5)
    if not np.allclose(b.p, double[0], rtol=1e-6, atol=1e-7):
        raise SystemExit("the kernel in float32 is not the kernel in float64, rounded")


def pin(threads: int) -> None:
    """A core for every thread of ours; torch's are bound by OMP_PROC_BIND, the first of them is the caller."""
    torch.set_num_threads(threads)
    torch.ones(1_000_000).add_(1)  # starts torch's threads, and binds the caller
    if hasattr(os, "sched_setaffinity"):
        for thread, core in zip((0, *team(threads).thread_ids), CORES, strict=False):
            os.sched_setaffinity(thread, {core})


def measure(kernel: CKernel, size: int, threads: int, rounds: int) -> Timings:
    """All sides at one size on the given number of threads."""
    pin(threads)
    count = -(-BYTES_ROTATED // (16 * size)) if size >= OUT_OF_CACHE else 1
    sets = [Buffers.random(size, seed) for seed in range(count)]
    sides = {
        OURS: generated_side(kernel, sets, threads),
        FLOOR: streaming_side(sets, threads),
        TORCH: torch_side(sets),
    }
    calls = 1 if count > 1 else max(1, 8_000_000 // size)
    timings = interleave(sides, calls, rounds)
    return Timings(
        {side: [s / (count * size) for s in samples] for side, samples in timings.seconds.items()}, timings.spoilt
    )


def row(found: Timings) -> list[str]:
    """What a table says of one measurement, after the size and the number of threads."""
    rounds = f"{found.rounds} of {found.rounds + found.spoilt}"
    if found.rounds < LEAST_ROUNDS:
        return ["the machine is too busy", "", "", rounds]
    nanoseconds = f"{found.median(OURS) * 1e9:.3f}"
    return [nanoseconds, str(found.ratio(FLOOR, OURS)), str(found.ratio(TORCH, OURS)), rounds]


def main() -> None:
    """Measure and print a table in Markdown."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="*", default=SIZES)
    parser.add_argument("--threads", type=int, nargs="*", default=(1, 2))
    parser.add_argument("--rounds", type=int, default=51)
    chosen = parser.parse_args()
    kernel = load(rule("adamw"), "float32")
    check(kernel)
    flags = " ".join([*compiler(), *FLAGS, NATIVE])
    print(f"{machine()}, {len(CORES)} cores, torch {torch.__version__}, {flags}\n")
    print(f"| {' | '.join(HEADS)} |\n|{'---|' * len(HEADS)}")
    for size, threads in itertools.product(chosen.sizes, chosen.threads):
        if threads <= len(CORES):
            cells = [f"{size:.0e}", str(threads), *row(measure(kernel, size, threads, chosen.rounds))]
            print(f"| {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    if not CORES:  # what places there are is read when torch is imported: start again with all of them
        places = ",".join(f"{{{core}}}" for core in cores())
        bound = {**os.environ, PLACES: places, "OMP_PROC_BIND": "true"}
        os.execve(sys.executable, [sys.executable, *sys.argv], bound)
    main()
