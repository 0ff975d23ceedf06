"""The story of AdamW in under a minute: ``python -m symopt.demo [FOLDER]``.

Everything but the page is done with the public names of symopt, as a user would do it.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import symopt
from symopt.docs.page import comparison_page
from symopt.errors import SymoptError
from symopt.files import write_text
from symopt.targets.compare import answer
from symopt.targets.explained import explained

COUPLED, DECOUPLED = "adam_l2", "adamw"
WIDTH = 120  # of what is printed side by side
QUESTIONS = (
    (COUPLED, DECOUPLED, "In general:"),
    (f"{COUPLED}[weight_decay=0]", f"{DECOUPLED}[weight_decay=0]", "Without decay:"),
    ("sgd[l2=True]", "sgdw[mu=0]", "In plain gradient descent, with L2 against decoupled decay:"),
)
THEOREMS = (
    "l2_inside_m", "l2_inside_v", "no_decay_inside_m_of_adamw", "bias_correction_of_m", "eps_hat_is_a_schedule_of_eps",
    "decay_after_the_step_is_another_rule",
)  # fmt: skip

# What somebody has written under the name of AdamW, as it is found in many a repository.
SOMEBODYS = """\
import numpy as np


def init(w):
    return {"steps": 0, "mean": np.zeros_like(w), "square": np.zeros_like(w)}


def step(w, grad, state, *, alpha=1e-3, b1=0.9, b2=0.999, epsilon=1e-8, wd=1e-2):
    n = state["steps"] + 1
    grad = grad + wd * w
    mean = b1 * state["mean"] + (1 - b1) * grad
    square = b2 * state["square"] + (1 - b2) * grad**2
    w = w - alpha * (mean / (1 - b1**n)) / (np.sqrt(square / (1 - b2**n)) + epsilon)
    return w, {"steps": n, "mean": mean, "square": square}
"""


def tell(folder: Path) -> int:
    """Tell the story; kernels and a page are written below ``folder``. The exit status is 0 where all came out."""
    started = time.monotonic()
    print("Adam with L2 in its loss, and AdamW: one name in many libraries. Are they one optimizer?")

    chapter("1  What the two do, each stated once below specs/")
    for target in (COUPLED, DECOUPLED):
        print(f"\n{target}\n{statements(target)}")

    chapter("2  Are they the same?")
    verdicts = []
    for left, right, when in QUESTIONS:
        verdicts.append(symopt.compare(symopt.resolve(left), symopt.resolve(right)))
        print(f"\n{when}\n{verdicts[-1].text()}")

    chapter("3  Why: theorems, settled now and checked again by a second program")
    results = symopt.prove(THEOREMS)
    for result in results:
        outcome = "holds" if result.exit_status == 0 else "IS NOT SETTLED"
        print(f"\n{result.theorem.name} {outcome}\n  {result.theorem.statement}\n  {result.theorem.why}")

    chapter("4  Kernels of AdamW from the same text, for NumPy, PyTorch and C")
    rule = symopt.resolve(DECOUPLED)
    kernels = folder / "kernels"
    written = symopt.generate([rule], out=kernels)
    print(written.text())

    chapter("5  Do the kernels agree, on hostile numbers?")
    report = symopt.check([rule])
    print(report.text())

    chapter("6  Are their sources the rule? Read back from their text, and proved")
    validated = symopt.validate([rule])
    print(validated.text())

    chapter("7  And somebody's code, that is called AdamW")
    somebodys = folder / "somebodys_adamw.py"
    write_text(somebodys, SOMEBODYS)
    print(f"\n{SOMEBODYS}\n{explained(answer(str(somebodys), DECOUPLED), WIDTH)}")
    print(f"\n{symopt.identify(str(somebodys)).text()}")

    page = folder / "adamw.html"
    both = symopt.resolve(COUPLED), symopt.resolve(DECOUPLED)
    write_text(page, comparison_page("Adam with L2, and AdamW", *both, verdicts, results))
    chapter(f"Done in {time.monotonic() - started:.1f} s. The kernels, and a page to read in a browser:")
    for path in (*(kernels / file for file in written.files), page):
        print(f"  {path}")
    return max(report.exit_status, validated.exit_status, *(result.exit_status for result in results))


def chapter(title: str) -> None:
    """A heading: bold on a terminal, plain elsewhere."""
    from rich.console import Console

    Console(highlight=False, soft_wrap=True).print(f"\n{title}", style="bold", markup=False)


def statements(target: str) -> str:
    """The statements of one step, as ``symopt show`` prints them below the declarations."""
    return symopt.show(target).partition("step t = 1, 2, ...\n")[2].rstrip("\n")


def main() -> int:
    """Run the demo; errors are one line."""
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else "build/demo")
    try:
        return tell(folder)
    except SymoptError as error:
        print(f"symopt: {error}", file=sys.stderr)
        return error.exit_status


if __name__ == "__main__":
    sys.exit(main())
