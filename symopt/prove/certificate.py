"""Certificates: a proved equality as one document, which can be checked without trusting the prover.

It holds both traces, the maps, what is known of states, and for the first and for a general later step
the obligations with the cases of signs in which they were proved. ``docs/certificates.md`` describes it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from symopt.errors import SymoptError
from symopt.ir.expressions import read_expression
from symopt.ir.nodes import Node, ref, refs, substitute
from symopt.ir.text import node_text, trace_hash, trace_text
from symopt.ir.trace import PARAMETER, SIZES, HyperInfo, Trace
from symopt.passes.dead import drop_dead
from symopt.passes.specialise import rewrite
from symopt.prove.alike import BY_STRUCTURE
from symopt.prove.cases import Cases, in_every_case
from symopt.prove.convert import Converter
from symopt.prove.counters import without_counters
from symopt.prove.deadline import Deadline
from symopt.prove.field import Field
from symopt.prove.general import GeneralStep
from symopt.prove.pair import LEFT, RIGHT, Pair, bare, make_pair
from symopt.prove.redundant import without_redundant_states
from symopt.prove.relation import Claim, Prover, Relation, first_claims, later_claims
from symopt.prove.render import condition_text, poly_node
from symopt.prove.render import node_text as people_text
from symopt.prove.search import candidates
from symopt.prove.sharing import written
from symopt.prove.verdict import Verdict

SCHEMA = "symopt.certificate/1"
METHOD = "equal normal forms"
SIGNS = {1: "> 0", 0: "= 0", -1: "< 0"}


class NoCertificateError(SymoptError):
    """An equality has a proof of a kind that certificates do not hold; the message says which."""

    exit_status = 3


@dataclass(frozen=True)
class Obligation:
    """What must hold at one kind of step, and the cases of signs in which it was proved."""

    claims: tuple[Claim, ...]
    cases: tuple[tuple[str, ...], ...]
    excluded: tuple[tuple[str, ...], ...]
    conditions: tuple[str, ...]


@dataclass(frozen=True)
class Certificate:
    """A proved equality, complete: ``image`` is the side whose states are given in those of the other.

    ``states`` gives them, and ``hypers`` the hyper-parameters of the right, in the names of the left. ``known``
    says of each side which states are which expressions after every step.
    """

    left: Trace
    right: Trace
    image: str
    hypers: Mapping[str, Node]
    states: Mapping[str, Node]
    known: Mapping[str, Mapping[str, Node]]
    not_negative: tuple[str, ...]
    conditions: tuple[str, ...]
    varying: tuple[str, ...]
    first: Obligation
    later: Obligation
    pair: Pair
    relation: Relation

    def to_json(self) -> dict[str, Any]:
        """The document: plain data, of which every byte follows from the theorem."""
        return {
            "schema": SCHEMA,
            **{
                side: {"rule": trace.title, "hash": trace_hash(trace), "trace": trace_text(trace).splitlines()}
                for side, trace in (("left", self.left), ("right", self.right))
            },
            "varying": list(self.varying),
            "hypers": _texts(self.hypers),
            "states": {"of": self.image, "are": _texts(self._own_names(self.states))},
            "known": {side: _texts(values) for side, values in self.known.items()},
            "not_negative": list(self.not_negative),
            "conditions": list(self.conditions),
            "cut_points": [],
            "first": self._obligation(self.first),
            "later": self._obligation(self.later),
        }

    def _obligation(self, obligation: Obligation) -> dict[str, Any]:
        shared, sides = written([side for claim in obligation.claims for side in self._sides(claim)])
        pairs = zip(obligation.claims, sides[::2], sides[1::2], strict=True)
        return {
            "where": shared,
            "claims": [{"what": claim.what, "left": left, "right": right} for claim, left, right in pairs],
            "cases": [{"facts": list(facts), "method": METHOD} for facts in obligation.cases],
            "excluded": [list(facts) for facts in obligation.excluded],
        }

    def _sides(self, claim: Claim) -> Sequence[Node]:
        """Both sides of a claim, the right's rule on the right."""
        sides = self._own_names({"left": claim.left, "right": claim.right})
        return (sides["left"], sides["right"]) if self.image == "right" else (sides["right"], sides["left"])

    def _own_names(self, nodes: Mapping[str, Node]) -> dict[str, Node]:
        """Expressions in which ``left.`` names the left; in a proof from right to left it names the right."""
        if self.image == "right":
            return dict(nodes)
        turned: dict[str, Node] = {
            name: ref((RIGHT if name.startswith(LEFT) else LEFT) + bare(name))
            for name in refs(*nodes.values()) if name != bare(name)
        }  # fmt: skip
        return dict(zip(nodes, substitute(nodes.values(), turned), strict=True))


def certificate(
    left: Trace, right: Trace, verdict: Verdict, varying: Sequence[str] = (), time_limit: float = 10.0
) -> Certificate:
    """The certificate of a proved equality of two traces.

    Raises
    ------
    NoCertificateError: its proof is of another kind.
    OutOfTimeError: the time limit is reached.
    """
    if verdict.proof is None or not verdict.verdict.startswith("equal"):
        raise NoCertificateError("there is no proof of an equality")
    if any(step.method == BY_STRUCTURE for step in verdict.proof.steps):
        raise NoCertificateError("its proof is by structure: both sides do the same operations on matrices")
    deadline = Deadline.after(time_limit)
    for sides in _forms(left, right, verdict, tuple(varying), deadline):
        for relation in (sides.stated(), *sides.sought()):
            found = sides.certificate(relation) if relation is not None else None
            if found is not None and {*found.first.conditions, *found.later.conditions} <= {*verdict.conditions}:
                return found
    raise NoCertificateError("its proof is no relation between the states of both sides")


@dataclass(frozen=True)
class _Sides:
    """The two traces as they enter a proof: as they are or with fewer states, from left to right or turned round."""

    left: Trace
    right: Trace
    verdict: Verdict
    varying: tuple[str, ...]
    deadline: Deadline
    fewer: Mapping[str, Trace]
    known: Mapping[str, Mapping[str, Node]]
    image: str

    @property
    def pair(self) -> Pair:
        """Both over common names, the image on the right."""
        fixed = {name: read_expression(value, self._names) for name, value in self._fixed().items()}
        own = {name: node for name, node in fixed.items() if name in {h.name for h in self.fewer["left"].hypers}}
        source = drop_dead(rewrite(self.fewer["left"], own))
        image = self.fewer["right"]
        if self.image == "right":
            return make_pair(source, image, self.varying)
        maps = {name: node for name, node in self._hypers().items() if node is not ref(name)}
        mapped = drop_dead(rewrite(image, maps))
        named: dict[str, HyperInfo] = {hyper.name: hyper for hyper in (*mapped.hypers, *source.hypers)}
        return make_pair(replace(mapped, hypers=tuple(named.values())), source, self.varying)

    def stated(self) -> Relation | None:
        """The relation that the verdict states; None where it is one from right to left."""
        pair, states = self.pair, self.verdict.state_map or {}
        if self.image == "left" or not {*map(bare, pair.right.states)} <= {*states}:
            return None
        common: dict[str, Node] = {bare(state): ref(state) for state in pair.left.states}
        common |= {bare(h): ref(h) for h in pair.right.hypers if bare(h) not in pair.left.hypers}
        names = (*self._names, PARAMETER, *(state.name for state in self.left.states))
        read = [read_expression(states[bare(state)], names) for state in pair.right.states]
        hypers = {RIGHT + name: substitute([node], common)[0] for name, node in self._hypers().items()}
        return Relation(dict(zip(pair.right.states, substitute(read, common), strict=True)), hypers)

    def sought(self) -> Iterator[Relation]:
        """Relations from right to left, which the verdict's map does not state."""
        if self.image == "left":
            pair = self.pair
            yield from candidates(pair, Prover(pair, self.deadline), map_hypers=False)

    def certificate(self, relation: Relation) -> Certificate | None:
        """What a relation proves; None where it proves nothing."""
        pair = self.pair
        prover = Prover(pair, self.deadline)
        if {*relation.states} != {*pair.right.states} or prover.prove(relation).proof is None:
            return None
        return Certificate(
            self.left, self.right, self.image, self._hypers(), {bare(s): n for s, n in relation.states.items()},
            self.known, tuple(map(bare, prover.never_negative)), self.verdict.conditions, self.varying,
            _obligation(prover, first_claims(pair, relation)), _obligation(prover, later_claims(pair, relation)),
            pair, relation,
        )  # fmt: skip

    @property
    def _names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys([*(hyper.name for hyper in (*self.left.hypers, *self.right.hypers)), *SIZES]))

    def _fixed(self) -> dict[str, str]:
        parts = [condition.partition(" = ") for condition in self.verdict.conditions]
        return {name: text for name, _, text in parts if text and name.isidentifier()}

    def _hypers(self) -> dict[str, Node]:
        maps = self.verdict.hyper_map or {}
        return {h.name: read_expression(maps.get(h.name, h.name), self._names) for h in self.right.hypers}


def _forms(
    left: Trace, right: Trace, verdict: Verdict, varying: tuple[str, ...], deadline: Deadline
) -> Iterator[_Sides]:
    """The forms in which a proof may be, the plainest first."""
    sides: dict[str, Trace] = {"left": left, "right": right}
    nothing: dict[str, Mapping[str, Node]] = {"left": {}, "right": {}}
    yield _Sides(left, right, verdict, varying, deadline, sides, nothing, "right")
    fewer: dict[str, Trace] = {}
    known: dict[str, Mapping[str, Node]] = {}
    for side, trace in sides.items():
        counted = without_counters(trace, deadline, varying).trace
        reduced = without_redundant_states(counted, deadline)
        values = {let.name: let.value for let in counted.lets}
        gone = [state for state in trace.states if state not in counted.states]
        known[side] = {**{s.name: values[trace.results[s.name]] for s in gone}, **reduced.values}
        fewer[side] = reduced.trace
    if any(known.values()):
        yield _Sides(left, right, verdict, varying, deadline, fewer, known, "right")
    yield _Sides(left, right, verdict, varying, deadline, sides, nothing, "left")
    if any(known.values()):
        yield _Sides(left, right, verdict, varying, deadline, fewer, known, "left")


def _obligation(prover: Prover, claims: list[Claim]) -> Obligation:
    """Claims with the cases in which they are proved."""
    pair = prover.pair
    general = GeneralStep(pair.names, prover.domains, pair.numbers, pair.shared)
    proved: list[tuple[str, ...]] = []

    def check(field: Field) -> str | None:
        convert = Converter(field, general.values(field), general.whole)
        for claim in claims:
            if claim.left is not claim.right and not field.equal(convert(claim.left), convert(claim.right)):
                return claim.what
        proved.append(_facts(field, field.facts))
        return None

    cases = in_every_case(general.generators, general.domains, check, prover.deadline)
    if cases.open is not None:  # a proof knows more of a case, as that the terms of a sum of squares are zero with it
        raise NoCertificateError(f"{cases.open} is not shown by equal normal forms alone")
    field = Field(general.generators, general.domains)
    excluded = tuple(_facts(field, facts) for facts in cases.undefined)
    return Obligation(tuple(claims), tuple(proved), excluded, _used(cases, field))


def _used(cases: Cases, field: Field) -> tuple[str, ...]:
    """What a proof used and did not derive, in the words of its verdict."""
    texts = [condition_text(field, condition) for condition in cases.conditions.values()]
    texts += [f"not ({' and '.join(_facts(field, facts))})" for facts in cases.undefined]
    return tuple(dict.fromkeys(texts))


def _facts(field: Field, facts: Iterable[tuple[Any, int]]) -> tuple[str, ...]:
    return tuple(f"{people_text(poly_node(field, poly))} {SIGNS[sign]}" for poly, sign in facts)


def _texts(nodes: Mapping[str, Node]) -> dict[str, str]:
    return {name: node_text(node) for name, node in nodes.items()}
