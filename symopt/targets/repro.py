"""A script that shows a difference: both optimizers on the witness's numbers, with nothing but their frameworks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from symopt.errors import UsageError
from symopt.files import write_text
from symopt.ir.evaluate import evaluate
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, refs
from symopt.ir.trace import LOSS, STEP, HyperInfo, Trace
from symopt.lift.arguments import FREE
from symopt.lift.confirm import FloatArithmetic
from symopt.prove.runner import draw_name
from symopt.prove.runs import UNDEFINED_TEXT, Witness
from symopt.targets import calls, inlined
from symopt.targets.advice import PATH
from symopt.targets.compare import Answer, Compared
from symopt.targets.subject import Subject

# Below this part of the values, a difference is lost in rounding.
SMALLEST = 1e-11
EPILOGUE = """\
def shown(value):
    return np.array2string(np.asarray(value), precision=12)


def as_predicted(a, b):
    \"\"\"Whether the two differ, and by what is predicted.\"\"\"
    defined = [np.all(np.isfinite(value)) for value in (*PREDICTED, a, b)]
    if not (defined[0] and defined[1]):
        return defined[:2] == defined[2:]
    predicted = np.asarray(PREDICTED[0]) - np.asarray(PREDICTED[1])
    if not (defined[2] and defined[3]):
        return False
    return bool(np.max(np.abs(a - b - predicted)) <= WITHIN * np.max(np.abs(predicted)))


try:
    with np.errstate(all="ignore"):
        a, b = (side(P.copy(), [[g.copy() for g in answers] for answers in GRADIENTS]) for side in (left, right))
        difference = a - b
except ImportError as error:
    print(f"{error}: it is needed here; install it", file=sys.stderr)
    sys.exit(2)
print(f"after step {len(GRADIENTS)}: {WHAT}")
print(f"  {LEFT}: {shown(a)}")
print(f"  {RIGHT}: {shown(b)}")
print(f"  difference: {shown(difference)}")
if as_predicted(a, b):
    print("They differ, as predicted.")
    sys.exit(0)
print(f"They do not differ as predicted: {shown(PREDICTED[0])} against {shown(PREDICTED[1])}.")
sys.exit(1)
"""
# What the difference may be off by: rounding, and where numbers are cast to few digits on the way that as well.
WITHIN, WITHIN_CASTS = 1e-3, 0.5


@dataclass(frozen=True)
class Part:
    """One side of the script: its function, what is said about it, and whether it loads a file."""

    lines: list[str]
    said: str
    loads: bool = False


def write_repro(answer: Answer, path: Path) -> None:
    """Write a script that makes the steps of the witness on both sides, and exits with 0 where they differ so.

    Raises
    ------
    UsageError: the two do not differ, an operation has no text in NumPy, or the file cannot be written.
    """
    write_text(path, repro_script(answer))


def repro_script(answer: Answer) -> str:
    """The text of the script.

    Raises
    ------
    UsageError: the two do not differ, or an operation has no text in NumPy.
    """
    verdict = answer.verdict
    witness = verdict.witness
    if witness is None or answer.compared is None:
        raise UsageError(
            f"--repro: {answer.left.title} and {answer.right.title} are {verdict.verdict}; a script shows a difference"
        )
    predicted = [floats(value) for value in (witness.to_json()[side] for side in ("left", "right"))]
    _check_size(*predicted)
    theta = floats(witness.to_json()["theta"])
    subjects = answer.left, answer.right
    sides = [_part(subjects[i], answer.compared, i, witness, theta.shape) for i in (0, 1)]
    casts = any(part.casts for subject in subjects for part in subject.parts)
    what = "the parameter" if witness.query is None else f"the point at which gradient {witness.query} is asked for"
    constants = [
        f"LEFT = {answer.left.title!r}", f"RIGHT = {answer.right.title!r}", f"WHAT = {what!r}",
        f"P = {inlined.array(theta)}", f"GRADIENTS = [{', '.join(_answers(witness))}]",
        f"PREDICTED = ({', '.join(map(inlined.array, predicted))})",
        f"WITHIN = {WITHIN_CASTS if casts else WITHIN}  # part of the difference that it may be off by",
    ]  # fmt: skip
    loads = any(side.loads for side in sides)
    imports = ["import importlib.util", "import pathlib", "import sys"] if loads else ["import sys"]
    head = [
        "# Two optimizers on the same numbers; written by symopt compare --repro.",
        *(f"# {subject.title!r}: {side.said}" for subject, side in zip(subjects, sides, strict=True)),
        *([f"# {_one_line(verdict.cause)}"] if verdict.cause else []),
        "# Exit status: 0 where they differ as predicted, 1 where they do not, 2 where a package is missing.",
    ]
    helpers = [*([calls.LOADED] if loads else []), *inlined.helpers([line for side in sides for line in side.lines])]
    blocks = [
        head, [*imports, "", "import numpy as np"], constants, *(helper.splitlines() for helper in helpers),
        *(side.lines for side in sides), EPILOGUE.splitlines(),
    ]  # fmt: skip
    spaces = ["\n\n" if i < 2 else "\n\n\n" for i in range(len(blocks) - 1)]
    return "".join("\n".join(block) + space for block, space in zip(blocks, [*spaces, "\n"], strict=True))


def _one_line(text: str) -> str:
    """A text that stays inside a comment."""
    return "".join(character if character.isprintable() else " " for character in text)


def floats(value: Any) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The numbers of a witness, as texts, in double precision; what is undefined is NaN."""
    if isinstance(value, list):
        return np.array([floats(item) for item in value], dtype=np.float64)
    if value == UNDEFINED_TEXT:
        return np.array(np.nan)
    above, _, below = str(value).partition("/")
    return np.array(int(above) / int(below) if below else float(above))


def _check_size(left: Any, right: Any) -> None:
    """Refuse what rounding in double precision hides."""
    largest, apart = np.max(np.abs([left, right])), np.max(np.abs(left - right))
    if np.isfinite(apart) and not apart > SMALLEST * max(1.0, largest):
        raise UsageError(f"--repro: the two differ by {apart:.1g} only, which double precision does not show")


def _answers(witness: Witness) -> list[str]:
    """The gradients of every step, each a list."""
    count = len(witness.grads) // witness.step
    grads = [inlined.array(floats(value)) for value in witness.to_json()["grads"]]
    return [f"[{', '.join(grads[i : i + count])}]" for i in range(0, len(grads), count)]


def _part(subject: Subject, compared: Compared, position: int, witness: Witness, shape: tuple[int, ...]) -> Part:
    """One side: its own code where that can be run on these numbers, else the update in NumPy."""
    name = ("left", "right")[position]
    why = _why_not(subject, compared, witness)
    if not why:
        given = witness.to_json().get("given", {}).get(LOSS)
        losses = [1.0] * witness.step if given is None else [float(floats(value)) for value in given]
        values = _right(compared, witness) if position else _left(compared, witness)
        arguments = _arguments(subject, values)
        lines = calls.function(name, subject, arguments, losses, is_asked=witness.query is not None)
        said = f"the code itself, run by {subject.framework} in double precision"
        return Part(lines, said, subject.origin is not None and bool(subject.origin.path))
    trace = compared.shown.trace if position else compared.traces.left
    query = None
    if witness.query is not None:
        names = [asked.name for asked in compared.traces.left.queries]
        query = min(names.index(witness.query), len(trace.queries) - 1)
    return Part(inlined.function(name, trace, _values(trace, witness), shape, query), why)


def _why_not(subject: Subject, compared: Compared, witness: Witness) -> str:
    """Why the code of a side is not run as it is; empty where it is."""
    lifted = "what was lifted from it runs in NumPy instead"
    if subject.origin is None:
        return "its update in NumPy, in double precision"
    if subject.framework == "c":
        return f"C, which a script cannot run without a compiler; {lifted}"
    scope = compared.traces.scope
    if scope.startswith("shape (") or "two tensors" in scope or "foreach" in scope:
        return f"known for {scope}; {lifted}"
    if any(isinstance(value, tuple) for value in witness.hyper.values()):
        return f"its hyper-parameters change from step to step; {lifted}"
    given = compared.given_map or {}
    if any(STEP in refs(read_expression(text, compared.hypers)) for text in given.values()):
        return f"the map changes from step to step; {lifted}"
    return ""


def _arguments(subject: Subject, values: Mapping[HyperInfo, float]) -> dict[str, Any]:
    """The arguments of the call: hyper-parameters by how the source calls them, and what was fixed."""
    lifted = subject.parts[0]
    arguments: dict[str, Any] = {name: value for name, value in subject.fixed.items() if value != FREE}
    for hyper, value in values.items():
        number: float | int = int(value) if hyper.domain.integer else value
        match = PATH.match(lifted.hyper_paths.get(hyper.name, hyper.name))
        assert match is not None  # paths are made of an argument and a position
        if match["position"] is None:
            arguments[match["argument"]] = number
            continue
        kept = lifted.fixed.get(match["argument"])
        elements = list(arguments.get(match["argument"], kept if isinstance(kept, tuple | list) else ()))
        elements += [None] * (int(match["position"]) + 1 - len(elements))
        elements[int(match["position"])] = number
        arguments[match["argument"]] = tuple(elements)
    return arguments


def _left(compared: Compared, witness: Witness) -> dict[HyperInfo, float]:
    """The left's hyper-parameters in the witness."""
    return {hyper: float(witness.hyper[hyper.name]) for hyper in compared.traces.left.hypers}


def _right(compared: Compared, witness: Witness) -> dict[HyperInfo, float]:
    """The right's hyper-parameters in the witness, in which they go by other names, or are given by a map."""
    values: dict[HyperInfo, float] = {}
    new_names = {own: new for new, own in compared.shown.names.items()}
    for hyper in compared.traces.right.hypers:
        form = compared.shown.forms.get(hyper.name)
        if compared.given_map is not None and hyper.name in compared.given_map:
            node = read_expression(compared.given_map[hyper.name], compared.hypers)
            values[hyper] = _evaluated(node, witness.hyper)
        else:
            value = witness.hyper[new_names[hyper.name]]
            values[hyper] = float(form.of(value) if form is not None else value)
    return values


def _evaluated(root: Node, values: Mapping[str, Any]) -> float:
    """An expression over hyper-parameters in double precision."""
    read = {name: np.float64(values[name]) for name in refs(root)}
    with np.errstate(all="ignore"):
        return float(evaluate([root], read, FloatArithmetic())[0])


def _values(trace: Trace, witness: Witness) -> dict[str, Sequence[Any]]:
    """For every step what the update reads besides states, the parameter and gradients."""
    steps = witness.step
    said = witness.to_json()
    given = {name: [floats(value) for value in values] for name, values in said.get("given", {}).items()}
    values: dict[str, Sequence[Any]] = {}
    for hyper in trace.hypers:
        value = witness.hyper[hyper.name]
        values[hyper.name] = [float(item) for item in value] if isinstance(value, tuple) else [float(value)] * steps
    for name in trace.given:
        values[name] = given.get(name, [])
    for i, name in enumerate(trace.draws):
        values[name] = given[draw_name(i)]
    return values
