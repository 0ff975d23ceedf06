"""Two rules that differ, as a module of Coq: both rules, a run of each on the numbers of a witness, and their ends.

Every statement of every step is evaluated to the rational number that it is, from the inside out, so that
Coq has nothing to check but arithmetic of fractions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from symopt.coq.rules import all_answers, answers_at, domain_text, point_name, rule_view
from symopt.coq.terms import FORMS, Count, NotExportableError, Printer, comment, coq_name, number
from symopt.ir.exact import UNDEFINED, ScalarArithmetic, UndecidedError
from symopt.ir.nodes import Node, Num, Op, Ref, op, ref, walk
from symopt.ir.trace import PARAMETER, STEP, Trace
from symopt.lang.domain import Domain, Real
from symopt.prove.runs import Witness

PLAIN = ("add", "sub", "mul", "div", "neg")
TACTICS = {"sqrt": "a_root", "pow": "a_power", "floor": "a_floor"}
BASE = "?base"
ARITHMETIC = ScalarArithmetic()


def difference_view(name: str, statement: str, left: Trace, right: Trace, witness: Witness) -> dict[str, Any]:
    """What the template of a difference is filled with.

    Raises
    ------
    NotExportableError: the witness has no form in Coq, or numbers in it that are not rational.
    """
    _refuse(witness)
    hypers = {**right.domains, **left.domains}
    plain = {hyper: coq_name("h", hyper) for hyper in hypers if hyper in witness.hyper}
    names = {hyper: f"({name} t)" if _varies(witness, hyper) else name for hyper, name in plain.items()}
    count = len(witness.grads) // witness.step
    gradients = [query.name for query in max(left.queries, right.queries, key=len)]
    answers = [coq_name("g", gradient) for gradient in gradients]
    place = None if witness.query is None else [query.name for query in left.queries].index(witness.query)
    sides = [
        {**rule_view(prefix, trace, names, answers), **_Evaluation(prefix, trace, plain, witness, answers).view(place)}
        for prefix, trace in (("l", left), ("r", right))
    ]
    domains = [(h.domain, h.name) for trace in (left, right) for h in trace.hypers]
    return {
        "module": coq_name("T", name), "proved": ["rules_differ"],
        "statement": comment(statement), "sides": sides, "last": _step(witness.step, answers),
        "hypers": [(name, number(witness.hyper[h])) for h, name in plain.items() if not _varies(witness, h)],
        "varying": [(name, _by_step(witness.hyper[h][:-1], witness.hyper[h][-1])) for h, name in plain.items()
                    if _varies(witness, h)],
        "domains": list(dict.fromkeys(_domain(d, names[h]) for d, h in domains if d != Real)),
        "theta": number(witness.theta),
        "answers": answers, "all": all_answers(answers), "of_points": place is not None,
        "grads": [(f"all_{answer}", _by_step(witness.grads[i::count], Fraction(0)))
                  for i, answer in enumerate(answers)],
    }  # fmt: skip


def _by_step(values: Sequence[Fraction], afterwards: Fraction) -> str:
    """The cases of a sequence: its first members, and what all later ones are."""
    cases = [f"{t}%nat => {number(value)} |" for t, value in enumerate(values, 1)]
    return " ".join([*cases, f"_ => {number(afterwards)}"])


def _step(t: int, answers: Sequence[str]) -> dict[str, Any]:
    """A step of the witness: its number, that of the step before, and the gradients as arguments."""
    return {"number": t, "before": t - 1, "answers": answers_at(answers, str(t))}


def _varies(witness: Witness, hyper: str) -> bool:
    return isinstance(witness.hyper[hyper], tuple | list)


def _domain(domain: Domain, name: str) -> str:
    text = domain_text(domain, name)
    return f"(forall t : nat, {text})" if name.endswith(" t)") else f"({text})"


def _refuse(witness: Witness) -> None:
    """Refuse what the template has no place for."""
    if witness.given:
        raise NotExportableError("its steps are given more than gradients")
    if not isinstance(witness.theta, Fraction):
        raise NotExportableError("its witness is an array")
    if not witness.rational:
        raise NotExportableError("its witness comes to numbers that are not rational")


@dataclass(frozen=True)
class Valued:
    """An expression that comes to a number, and the lines by which Coq sees it."""

    value: Fraction | bool
    script: Sequence[str]

    @property
    def number(self) -> str:
        """The number as Coq has it."""
        return _literal(self.value)


class _Evaluation:
    """One rule on the numbers of a witness, statement by statement."""

    def __init__(
        self, prefix: str, trace: Trace, names: Mapping[str, str], witness: Witness, answers: Sequence[str]
    ) -> None:
        self.trace, self.witness, self.prefix, self.answers = trace, witness, prefix, answers
        self.hypers = [*names]
        self.values: dict[str, Any] = {PARAMETER: witness.theta}
        self._at(1)
        states = [coq_name(prefix, state.name) for state in trace.states]
        read = [*names.values(), *(f"all_{answer}" for answer in answers), f"p_{prefix}", *(f"{s}_of" for s in states)]
        self.unfolded = " ".join(["theta", *read])

    def view(self, place: int | None) -> dict[str, Any]:
        """The states that the run comes through: at the start, and in each step statement by statement.

        ``place`` counts the point of the last step that the witness is about; None where it is about the parameter.
        """
        started = [self._valued(state.init, 1) for state in self.trace.states]
        if any(len(value.script) > 1 for value in started):
            raise NotExportableError("an initial state is no plain arithmetic")
        names = [PARAMETER, *(state.name for state in self.trace.states)]
        self._take(names, [Valued(self.witness.theta, ()), *started])
        begun, steps, asked = self._state(names), [], []
        for t in range(1, self.witness.step + 1):
            self._at(t)
            before = [Valued(self.values[name], ["reflexivity."]) for name in names]
            lets = [*before, *self._statements(t)]
            asked = [self._valued(query.point, t) for query in self.trace.queries]
            for name, value in {name: self.values[self.trace.results[name]] for name in names}.items():
                self.values[name] = value
            steps.append({**_step(t, self.answers), "lets": lets, "end": self._state(names)})
        point = None
        if place is not None:
            point = {**steps[-1], "name": point_name(self.prefix, place), "value": asked[place]}
        return {"unfolded": self.unfolded, "started": begun, "evaluated": steps, "point": point}

    def _at(self, t: int) -> None:
        """Take the hyper-parameters of step ``t``."""
        hypers = {name: self.witness.hyper[name] for name in self.hypers}
        self.values |= {n: value[t - 1] if isinstance(value, tuple | list) else value for n, value in hypers.items()}

    def _state(self, names: Sequence[str]) -> str:
        return " ".join(number(self.values[name]) for name in names)

    def _take(self, names: Sequence[str], values: Sequence[Valued]) -> None:
        self.values |= {name: value.value for name, value in zip(names, values, strict=True)}

    def _statements(self, t: int) -> list[Valued]:
        count = len(self.witness.grads) // self.witness.step
        answers = self.witness.grads[(t - 1) * count : t * count]
        self.values |= dict(zip((query.name for query in self.trace.queries), answers, strict=False))
        found = []
        for let in self.trace.lets:
            found.append(self._valued(let.value, t))
            self._take([let.name], found[-1:])
        return found

    def _valued(self, root: Node, t: int) -> Valued:
        """An expression in step ``t``, evaluated from the inside out."""
        lines: dict[str, None] = {}
        done: dict[Node, tuple[str, Any]] = {}
        for node in walk([root]):
            done[node] = self._one(node, t, [done[arg] for arg in node.args], lines)
        text, value = done[root]
        if not isinstance(value, Fraction | bool):
            raise NotExportableError("a statement comes to a number that is not rational")
        return Valued(value, [*lines, "reflexivity." if text == _literal(value) else "value."])

    def _one(self, node: Node, t: int, args: Sequence[tuple[str, Any]], lines: dict[str, None]) -> tuple[str, Any]:
        """An operation as Coq has it when its operands are evaluated, and its value."""
        match node:
            case Num(value=value):
                return number(value), value
            case Ref(name=name) if name == STEP:
                return f"(INR {t})", Fraction(t)
            case Ref(name=name):
                return _literal(self.values[name]), self.values[name]
            case Op(op=name) if name in FORMS or name == "pow":
                texts, values = [text for text, _ in args], [value for _, value in args]
            case _:
                raise NotExportableError(f"{getattr(node, 'op', 'this')} is no operation on one element")
        if name == "where" and isinstance(values[0], bool):
            lines[f"cbv iota. (* {len(lines)} *)"] = None
            return args[1] if values[0] else args[2]
        text = self._power(node, texts[0], t) if name == "pow" else FORMS[name].format(*texts)
        value = _applied(name, values)
        if name in PLAIN or not isinstance(value, Fraction | bool):
            return text, value
        within = [f"replace {a} with {_literal(v)} by value; " for a, v in args[: 1 if name == "pow" else None]
                  if a != _literal(v)]  # fmt: skip
        how = "".join([*dict.fromkeys(within), TACTICS.get(name, "a_truth")])
        lines.setdefault(f"try replace {text} with {_literal(value)} by ({how}).")
        return _literal(value), value

    def _power(self, node: Op, base: str, t: int) -> str:
        return Printer({BASE: base}, {STEP: Count(str(t), 0)}, unfolded=False)(op("pow", ref(BASE), node.args[1]))


def _applied(name: str, values: Sequence[Any]) -> Any:
    try:
        return UNDEFINED if any(v is UNDEFINED for v in values) else ARITHMETIC.op(name, *values)
    except UndecidedError:
        return UNDEFINED


def _literal(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return number(value) if isinstance(value, Fraction) else "undefined"
