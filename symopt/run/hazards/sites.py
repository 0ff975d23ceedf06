"""Where in a kernel's statements a hazard can sit, read from the graph."""

from __future__ import annotations

from collections.abc import Iterator

from symopt.ir.nodes import ONE, ZERO, Node, Num, Op, Ref, op, refs, walk
from symopt.ir.trace import PARAMETER, STEP
from symopt.run.hazards.subject import Place, Subject


def operations(subject: Subject, *names: str) -> Iterator[tuple[Place, Op]]:
    """The operations with some names, statement by statement."""
    for let in subject.trace.lets:
        for node in walk([let.value]):
            if isinstance(node, Op) and node.op in names:
                yield Place(let.name, node), node


def operand(place: Place, index: int) -> Place:
    """An operand of an operation."""
    return Place(place.let, place.node.args[index])


def is_number(subject: Subject, node: Node) -> bool:
    """Whether an expression reads no element: it is a number of a step, of the model or of a tensor."""
    return not any(subject.is_element(name) for name in refs(node))


def divisors(subject: Subject) -> list[Place]:
    """What is divided by, of elements and of numbers; literals apart."""
    found = [operand(place, 1) for place, _ in operations(subject, "div")]
    return list(dict.fromkeys(place for place in found if not isinstance(place.node, Num)))


def is_guarded(subject: Subject, divisor: Place) -> bool:
    """Whether a quotient by ``divisor`` is chosen only where that is positive, as in ``where(0 < x, y/x, z)``."""
    root = subject.lets[divisor.let].value
    safe: set[Node] = set()
    for node in walk([root]):
        if isinstance(node, Op) and node.op == "where" and op("lt", ZERO, divisor.node) in _conjuncts(subject, node):
            safe.add(node.args[1])
    pending, seen = [root], set[Node]()
    while pending:
        node = pending.pop()
        if node in seen or node in safe:
            continue
        seen.add(node)
        if isinstance(node, Op) and node.op == "div" and node.args[1] is divisor.node:
            return False
        pending.extend(node.args)
    return True


def _conjuncts(subject: Subject, chosen: Op) -> list[Node]:
    """The conditions that all hold where the first operand of a choice is taken."""
    found, pending = [], [chosen.args[0]]
    while pending:
        node = pending.pop()
        if isinstance(node, Ref) and node.name in subject.lets:
            pending.append(subject.lets[node.name].value)
        elif isinstance(node, Op) and node.op == "and":
            pending.extend(node.args)
        else:
            found.append(node)
    return found


def radicands(subject: Subject) -> list[Place]:
    """What a square root is taken of."""
    return list(dict.fromkeys(operand(place, 0) for place, _ in operations(subject, "sqrt")))


def guards(subject: Subject) -> list[tuple[Place, Place, Place]]:
    """Sums and maxima of elements and a number, below a fraction or a root: each with the number and its partner."""
    below = _below_fractions(subject)
    found = []
    for place, node in operations(subject, "add", "max"):
        numbers = [is_number(subject, arg) for arg in node.args]
        if place in below and subject.is_element(place.let) and sum(numbers) == 1:
            index = numbers.index(True)
            found.append((place, operand(place, index), operand(place, 1 - index)))
    return found


def _below_fractions(subject: Subject) -> set[Place]:
    """Everything that a divisor or a radicand of elements is made of in the same step."""
    pending = [place for place in [*divisors(subject), *radicands(subject)] if subject.is_element(place.let)]
    found: set[Place] = set()
    while pending:
        root = pending.pop()
        for node in walk([root.node]):
            place = Place(root.let, node)
            if place not in found:
                found.add(place)
                if isinstance(node, Ref) and node.name in subject.lets and subject.is_element(node.name):
                    pending.append(Place(node.name, subject.lets[node.name].value))
    return found


def squares(subject: Subject) -> list[Place]:
    """Products of an element with itself."""
    return [
        place
        for place, node in operations(subject, "mul")
        if node.args[0] is node.args[1] and subject.is_element(place.let) and not is_number(subject, node)
    ]


def weighted_squares(subject: Subject) -> list[tuple[Place, Place]]:
    """Squares with the factor that they are multiplied by, where there is one, each with what is squared."""
    whole = {square: square for square in squares(subject)}
    for place, node in operations(subject, "mul"):
        for index, arg in enumerate(node.args):
            inner = Place(place.let, arg)
            if inner in whole and is_number(subject, node.args[1 - index]):
                whole[inner] = place
    return [(place, operand(square, 0)) for square, place in whole.items()]


def powers_of_step(subject: Subject) -> list[Place]:
    """Powers of a number whose exponent grows with the step."""
    return [place for place, node in operations(subject, "pow") if STEP in refs(node.args[1])]


def corrections(subject: Subject) -> list[tuple[Place, Place]]:
    """Differences ``1 - b**t``, each with the power."""
    powers = set(powers_of_step(subject))
    found = []
    for place, node in operations(subject, "sub"):
        power = operand(place, 1)
        if isinstance(power.node, Ref) and power.node.name in subject.lets:
            power = Place(power.node.name, subject.lets[power.node.name].value)
        if node.args[0] is ONE and power in powers:
            found.append((place, power))
    return found


def factors(subject: Subject) -> list[tuple[Place, Place, Place]]:
    """What states are multiplied by in their own new values: each product, the number, the state."""
    found = []
    for state in subject.trace.states:
        for place, node in operations(subject, "mul"):
            for index, arg in enumerate(node.args):
                other = node.args[1 - index]
                is_own = place.let == subject.trace.results[state.name] and subject.is_array(state.name)
                if is_own and isinstance(arg, Ref) and arg.name == state.name and is_number(subject, other):
                    found.append((place, operand(place, 1 - index), operand(place, index)))
    return found


def sums(subject: Subject, *, arrays: bool = True) -> list[tuple[str, Place, Place]]:
    """States that something is added to, step after step: the state, the sum, what is added."""
    found = []
    for state in subject.trace.states:
        let = subject.lets.get(subject.trace.results[state.name])
        if let is None or subject.is_array(state.name) != arrays:
            continue
        place = Place(let.name, let.value)
        if isinstance(let.value, Op) and let.value.op == "add":
            names = [arg.name if isinstance(arg, Ref) else "" for arg in let.value.args]
            if state.name in names:
                found.append((state.name, place, operand(place, 1 - names.index(state.name))))
    return found


def update(subject: Subject) -> tuple[Place, Place] | None:
    """The new parameter where it is a sum of the old one, as it is or decayed, and something else: with that."""
    let = subject.lets.get(subject.trace.results[PARAMETER])
    if let is None or not isinstance(let.value, Op) or let.value.op not in ("add", "sub"):
        return None
    place, args = Place(let.name, let.value), let.value.args
    own = [isinstance(arg, Ref) and arg.name == PARAMETER for arg in args]
    if not any(own):
        own = [PARAMETER in _read(subject, arg) for arg in args]
    return (place, operand(place, own.index(False))) if sorted(own) == [False, True] else None


def _read(subject: Subject, node: Node) -> set[str]:
    """The inputs that an expression reads, also through statements of the same step."""
    found, pending = set[str](), refs(node)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += refs(subject.lets[name].value) if name in subject.lets else []
    return found
