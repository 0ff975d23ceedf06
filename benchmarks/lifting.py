"""How long it takes to read an optimizer and to prove what it is, without the import of its framework.

Every target is read and compared several times in turn, in one process; printed are the median and the longest time.
"""

from __future__ import annotations

import statistics
import sys
from pathlib import Path
from time import perf_counter

from symopt.errors import SymoptError
from symopt.targets.compare import compare
from symopt.targets.resolve import subject

ROUNDS = 5
EXAMPLES = Path(__file__).resolve().parent.parent / "examples"
TARGETS = (
    ("torch.optim.AdamW", "adamw"),
    ("torch.optim.SGD[nesterov=True,dampening=0]", "sgd[momentum=True,nesterov=True,l2=True]"),
    ("torch.optim.RMSprop[centered=True]", "rmsprop[centered=True,momentum=True,l2=True]"),
    ("torch.optim.RAdam[weight_decay=0]", "radam"),
    ("optax.adamw[eps_root=0]", "adamw"),
    ("optax.lion", "lion"),
    ("keras.optimizers.Adam", "adam_tf"),
    (str(EXAMPLES / "adamw_plain.c"), "adamw"),
    (str(EXAMPLES / "adamw_avx2.c"), "adamw"),
)


def main() -> int:
    """Measure and print."""
    times: dict[str, list[tuple[float, float]]] = {target: [] for target, _ in TARGETS}
    verdicts: dict[str, str] = {}
    for _ in range(ROUNDS + 1):
        for target, rule in TARGETS:
            try:
                start = perf_counter()
                found = subject(target)
                read = perf_counter() - start
                verdicts[target] = compare(found, rule).verdict
                times[target].append((read, perf_counter() - start))
            except SymoptError as error:
                verdicts[target] = f"not measured: {error}"
    print(f"{'target':50} {'read':>8} {'and proved':>11} {'longest':>9}  verdict")
    for target, _ in TARGETS:
        name = Path(target).name if target.endswith(".c") else target
        rounds = times[target][1:]  # the first one imports the framework
        if rounds:
            read = statistics.median(item[0] for item in rounds)
            whole = statistics.median(item[1] for item in rounds)
            longest = max(item[1] for item in rounds)
            print(f"{name:50} {read:7.2f}s {whole:10.2f}s {longest:8.2f}s  {verdicts[target]}")
        else:
            print(f"{name:50} {verdicts[target]}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
