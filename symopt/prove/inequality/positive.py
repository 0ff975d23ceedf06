"""That a polynomial is not negative where others are not: a search for identities that show it.

Tried in this order, each on the factors of unknown sign: the coefficients over variables that are not negative;
products of what is known, weighted by linear programming; a root ``q`` from ``A + B q`` by
``A**2 - B**2 q**2``; the square completed in a variable ``x`` from ``A x**2 + B x + C`` by
``4 A C - B**2``. The search is incomplete and never wrong: what it returns is multiplied out again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import combinations, combinations_with_replacement, islice
from typing import NamedTuple

from symopt.lang.domain import Domain
from symopt.prove.elements import Poly, poly_key
from symopt.prove.field import Field
from symopt.checker.certificate import Identity, Term
from symopt.prove.inequality.naming import Naming
from symopt.prove.inequality.shifted import Form, Shift
from symopt.prove.inequality.simplex import Row, feasible
from symopt.prove.signs import sign_of

DEEPEST = 6
# Polynomials that one search looks at more closely than by their coefficients.
MOST_SEARCHES = 16
LONGEST_KNOWN = 60
MOST_COLUMNS, MOST_ROWS = 160, 260
MOST_MONOMIALS = 400


Key = tuple[tuple[object, ...], bool]


class Fact(NamedTuple):
    """A polynomial that is known not to be negative, or where ``strict`` to be positive, and why."""

    poly: Poly
    strict: bool
    why: str


class Positivity:
    """The search in one case: a field with the facts of the case, and what else is known."""

    def __init__(self, field: Field, knowns: Sequence[Fact], tick: Callable[[], None] = lambda: None) -> None:
        self.field, self.tick = field, tick
        self.naming = Naming(field)
        case = [Fact(poly if sign > 0 else -poly, True, "this case") for poly, sign in field.facts if sign]
        facts = (*knowns, *case, *self._moved_ends(), *self._powers(), *self._rooted(knowns))
        plain = (Fact(self._stripped(fact.poly), fact.strict, fact.why) for fact in facts)
        self.knowns = [fact for fact in plain if not fact.poly.is_constant() and len(fact.poly) <= LONGEST_KNOWN]
        self._proofs: dict[Key, tuple[Identity, tuple[Key, ...]]] = {}
        self._failed: dict[Key, int] = {}
        self.searched = 0

    def _moved_ends(self) -> Iterator[Fact]:
        """The ends of the intervals of names that a zero of this case replaces by others."""
        for i, domain in self.field.domains.items():
            gen = self.field.ring.gens[i]
            if self.field.facts and self.field.reduced(gen) != gen:
                if domain.lower is not None:
                    low = gen * domain.lower.denominator - domain.lower.numerator
                    yield Fact(self.field.reduced(low), domain.lower_open, "an interval")
                if domain.upper is not None:
                    high = domain.upper.numerator - gen * domain.upper.denominator
                    yield Fact(self.field.reduced(high), domain.upper_open, "an interval")

    def _powers(self) -> Iterator[Fact]:
        """``b**(t - 1) <= b`` from the second step on, for b between 0 and 1."""
        for i, meaning in self.field.ring.meanings.items():
            if meaning.kind != "pow" or not all(arg.den == 1 for arg in meaning.args):
                continue
            base, exponent = (arg.num for arg in meaning.args)
            domain = self.field.domains.get(i, Domain())
            within = self.field.sign(base).value > 0 and self.field.sign(1 - base).value > 0
            if within and domain.lower is not None and exponent in self._counts():
                yield Fact(base - self.field.ring.gens[i], False, "a power of a number between 0 and 1")

    def _rooted(self, knowns: Sequence[Fact]) -> Iterator[Fact]:
        """``|x| <= r`` from a known ``x**2 <= r**2`` where r is a root or the product of two."""
        ring = self.field.ring
        roots = [ring.gens[i] for i, meaning in ring.meanings.items() if meaning.kind == "sqrt"]
        for fact in knowns:
            for i, degree in enumerate(fact.poly.degrees()):
                gen = ring.gens[i]
                square = self.field.reduced(fact.poly + gen * gen)
                if int(degree) != 2 or int(square.degrees()[i]):
                    continue
                for root in (*roots, *(a * b for a, b in combinations(roots, 2))):
                    if self.field.reduced(root * root) == square:
                        yield from (Fact(root + sign * gen, fact.strict, f"the root of {fact.why}") for sign in (1, -1))

    def _counts(self) -> list[Poly]:
        """The generators that are at least 1."""
        gens = self.field.ring.gens
        return [gens[i] for i, d in self.field.domains.items() if d.integer and d.lower is not None and d.lower >= 1]

    def _stripped(self, poly: Poly) -> Poly:
        """A polynomial without the factors that are known to be positive."""
        poly = self.field.reduced(poly)
        if poly == 0:
            return poly
        constant, factors = poly.factor()
        result = self.field.ring.one * (1 if constant > 0 else -1)
        for factor, exponent in factors:
            sign = sign_of({tuple(map(int, m)): int(c) for m, c in factor.to_dict().items()}, self.field.domains)
            result = result * (sign.value ** int(exponent) if sign.strict else factor ** int(exponent))
        return result

    def shown(self, poly: Poly, strict: bool = False, depth: int = 0) -> bool:
        """Whether a polynomial was shown not to be negative, or where ``strict`` to be positive."""
        self.tick()
        poly = self.field.reduced(poly)
        if poly == 0 or poly.is_constant():
            return not strict if poly == 0 else bool(poly.leading_coefficient() > 0)
        if self._given(poly, strict):
            return True
        key = (poly_key(poly), strict)
        if key in self._proofs:
            return True
        if depth > DEEPEST or len(poly) > MOST_MONOMIALS or self._failed.get(key, DEEPEST + 1) <= depth:
            return False
        self._failed[key] = depth  # what needs itself is not shown either
        return self._by_factors(poly, strict, depth)

    def identities(self, poly: Poly, strict: bool) -> tuple[Identity, ...]:
        """The identities that show what ``shown`` said is so, each after those that it uses."""
        found: dict[Key, Identity] = {}

        def collect(key: Key) -> None:
            if key in self._proofs and key not in found:
                identity, needs = self._proofs[key]
                for need in needs:
                    collect(need)
                found[key] = identity

        poly = self.field.reduced(poly)
        key = (poly_key(poly), strict)
        collect(key)
        text = self.naming.poly(poly)
        if key not in found:  # it is known, or a number
            terms = () if poly == 0 else (Term(Fraction(1), (text,)),)
            return (Identity(text, strict, terms),)
        return tuple(found.values())

    def _given(self, poly: Poly, strict: bool) -> bool:
        return self._is_atom(poly, strict) or any(
            poly == fact.poly and (fact.strict or not strict) for fact in self.knowns
        )

    def _is_atom(self, poly: Poly, strict: bool) -> bool:
        """Whether this is a name, or its distance to an end of its interval."""
        used = [i for i, degree in enumerate(poly.degrees()) if degree]
        if len(used) != 1 or used[0] not in self.field.domains:
            return False
        gen, domain = self.field.ring.gens[used[0]], self.field.domains[used[0]]
        low, high = domain.lower, domain.upper
        if low is not None and (domain.lower_open or not strict) and poly == gen - low.numerator:
            return low.denominator == 1
        return high is not None and (domain.upper_open or not strict) and (
            high.denominator == 1 and poly == high.numerator - gen
        )  # fmt: skip

    def _say(
        self, goal: Poly, strict: bool, terms: Sequence[Term], needs: Sequence[tuple[Poly, bool]] = (),
        multipliers: Sequence[Poly] = (),
    ) -> bool:  # fmt: skip
        texts = tuple(self.naming.poly(m) for m in multipliers if not m.is_one())
        identity = Identity(self.naming.poly(goal), strict, tuple(terms), texts)
        keys = tuple((poly_key(self.field.reduced(p)), strictly) for p, strictly in needs)
        self._proofs[poly_key(goal), strict] = (identity, keys)
        return True

    # Factors

    def _by_factors(self, poly: Poly, strict: bool, depth: int) -> bool:
        constant, factors = poly.factor()
        if len(factors) == 1 and int(factors[0][1]) == 1:
            return self._whole(poly, strict, depth) if abs(int(constant)) == 1 else self._scaled(poly, strict, depth)
        sign, open_, known, squares = (1 if constant > 0 else -1), [], [], []
        for factor, exponent in factors:
            squares += [factor] * (int(exponent) // 2)
            if strict and int(exponent) > 1 and not (self.cheap(factor, True) or self.cheap(-factor, True)):
                return False
            if int(exponent) % 2:
                value = 1 if self.cheap(factor, strict) else -1 if self.cheap(-factor, strict) else 0
                sign *= value or 1
                (known if value else open_).append(factor * (value or 1))
        if len(open_) > 1 or (not open_ and sign < 0):
            return self._whole(poly, strict, depth)
        for factor in open_:
            if not self.shown(sign * factor, strict, depth + 1):
                return False
            known.append(sign * factor)
        for factor in known:
            self.shown(factor, strict, depth + 1)
        term = Term(
            Fraction(abs(int(constant))),
            tuple(map(self.naming.poly, known)),
            tuple(map(self.naming.poly, squares)),
        )
        return self._say(poly, strict, [term], [(factor, strict) for factor in known])

    def _scaled(self, poly: Poly, strict: bool, depth: int) -> bool:
        constant, ((factor, _),) = poly.factor()
        inner = factor if constant > 0 else -factor
        if not self.shown(inner, strict, depth):
            return False
        term = Term(Fraction(abs(int(constant))), (self.naming.poly(inner),))
        return self._say(poly, strict, [term], [(inner, strict)])

    def cheap(self, poly: Poly, strict: bool) -> bool:
        """Whether the sign is known without a search."""
        if self._given(poly, strict):
            return True
        sign = self.field.sign(poly)
        return sign.value > 0 and self._form(poly, strict) is not None

    # One polynomial

    def _whole(self, poly: Poly, strict: bool, depth: int) -> bool:
        if self._by_coefficients(poly, strict):
            return True
        self.searched += 1
        if self.searched > MOST_SEARCHES:
            return False
        return (
            self._by_products(poly, strict, 0)
            or self._by_root(poly, strict, depth)
            or self._by_square(poly, strict, depth)
            or self._by_bound(poly, strict, depth)
            or (depth <= 1 and self._by_products(poly, strict, 1))
        )

    def _by_coefficients(self, poly: Poly, strict: bool) -> bool:
        found = self._form(poly, strict)
        return found is not None and self._say(poly, strict, self._terms(*found))

    def _form(self, poly: Poly, strict: bool) -> tuple[Shift, Form] | None:
        """The form of a polynomial where its coefficients show the sign."""
        shift = Shift(self.field.domains, [poly])
        form = shift(poly)
        if any(c < 0 or shift.is_odd(monomial) for monomial, c in form.items()):
            return None
        return (shift, form) if not strict or any(self._is_strict(shift, m) for m in form) else None

    def _terms(self, shift: Shift, form: Form) -> list[Term]:
        """A form with no negative coefficient as terms."""
        found = []
        for monomial, c in form.items():
            scale, parts = shift.parts(monomial)
            factors: list[str] = []
            squares: list[str] = []
            for position, which, power in parts:
                text = self.naming.distance(position, which)
                squares += [text] * (power // 2)
                factors += [text] * (power % 2)
            found.append(Term(c * scale, tuple(factors), tuple(squares)))
        return found

    # Products of what is known

    def _by_products(self, poly: Poly, strict: bool, effort: int) -> bool:
        """``poly`` as a sum of knowns times products of names, and a rest whose coefficients are not negative."""
        columns = list(self._columns(poly, effort))
        if not columns:
            return False
        shift = Shift(self.field.domains, [poly, *(product for product, _, _ in columns)])
        goal, forms = shift(poly), [shift(product) for product, _, _ in columns]
        monomials = list(dict.fromkeys(m for form in (goal, *forms) for m in form))
        if len(monomials) > MOST_ROWS:
            return False
        rows: list[tuple[Row, Fraction]] = []
        for monomial in monomials:
            row = {j: Fraction(form[monomial]) for j, form in enumerate(forms) if monomial in form}
            bound = Fraction(goal.get(monomial, 0))
            rows.append((row, bound))
            if shift.is_odd(monomial):
                rows.append(({j: -a for j, a in row.items()}, -bound))
        weights = feasible(rows, len(columns), self.tick)
        if weights is None:
            return False
        rest = dict(goal)
        terms: list[Term] = []
        is_strict = False
        for weight, (_, factors, strictly), form in zip(weights, columns, forms, strict=True):
            if weight:
                terms.append(Term(weight, factors))
                is_strict = is_strict or strictly
                for monomial, c in form.items():
                    rest[monomial] = rest.get(monomial, 0) - weight * c
        rest = {monomial: c for monomial, c in rest.items() if c}
        is_strict = is_strict or any(self._is_strict(shift, monomial) for monomial in rest)
        if strict and not is_strict:
            return False
        return self._say(poly, strict, [*terms, *self._terms(shift, rest)])

    def _is_strict(self, shift: Shift, monomial: tuple[int, ...]) -> bool:
        """Whether no factor of a monomial of a form is ever zero."""
        for position, which, _ in shift.parts(monomial)[1]:
            domain = self.field.domains.get(position, Domain())
            if not ((which == "low" and domain.lower_open) or (which == "high" and domain.upper_open)):
                return False
        return True

    def _columns(self, poly: Poly, effort: int) -> Iterator[tuple[Poly, tuple[str, ...], bool]]:
        """Products of knowns and of names, no higher in any name than the goal is, or a little."""
        read = [poly.degrees(), *(fact.poly.degrees() for fact in self.knowns)]
        degrees = [max(map(int, d)) + effort for d in zip(*read, strict=True)]
        atoms = list(self._atoms(poly))
        one = (self.field.ring.one, (), True)
        knowns = [(fact.poly, (self.naming.poly(fact.poly),), fact.strict) for fact in self.knowns]
        several = [_product(a, b) for a, b in combinations_with_replacement(knowns, 2)]
        plans = [(knowns, (one, *atoms)), (several, (one,))]
        if effort:
            plans += [(several, atoms), (knowns, [_product(x, y) for x, y in combinations_with_replacement(atoms, 2)])]
        products = (_product(known, scale) for some, scales in plans for known in some for scale in scales)
        fitting = (
            product
            for product in products
            if all(int(d) <= limit for d, limit in zip(product[0].degrees(), degrees, strict=True))
        )
        for product in islice(fitting, MOST_COLUMNS):
            yield self.field.reduced(product[0]), product[1], product[2]

    def _atoms(self, poly: Poly) -> Iterator[tuple[Poly, tuple[str, ...], bool]]:
        """Names and distances to ends that are not negative, of what the goal or a known reads."""
        polys = [poly, *(fact.poly for fact in self.knowns)]
        for i, gen in enumerate(self.field.ring.gens):
            domain = self.field.domains.get(i)
            if domain is None or not any(int(p.degrees()[i]) for p in polys):
                continue
            if domain.lower is not None and domain.lower.denominator == 1:
                yield gen - int(domain.lower), (self.naming.distance(i, "low"),), domain.lower_open
            if domain.upper is not None and domain.upper.denominator == 1:
                yield int(domain.upper) - gen, (self.naming.distance(i, "high"),), domain.upper_open

    # Bounds, roots and squares

    def _by_bound(self, poly: Poly, strict: bool, depth: int) -> bool:
        """Put a known bound on a name in its place: ``|b| (a x + c) = |a| (b x + d) + (|b| c - |a| d)``."""
        ring, degrees = self.field.ring, poly.degrees()
        for known in self.knowns:
            for i, degree in enumerate(known.poly.degrees()):
                if int(degree) != 1 or int(degrees[i]) != 1:
                    continue
                b, _ = _coefficients(known.poly, i, ring)
                a, _ = _coefficients(poly, i, ring)
                sign = 1 if self.cheap(b, True) or b == 1 else -1 if self.cheap(-b, True) or b == -1 else 0
                if not sign or not self.shown(sign * a, False, depth + 1):
                    continue
                a, b = sign * a, sign * b
                c, d = (p.subs({ring.names[i]: 0}) for p in (poly, known.poly))
                rest = self.field.reduced(b * c - a * d)
                if self.shown(rest, strict, depth + 1):
                    for part in (a, b):
                        self.shown(part, part is b, depth + 1)
                    terms = [Term(Fraction(1), (self.naming.poly(a), self.naming.poly(known.poly)))]
                    terms += [] if rest == 0 else [Term(Fraction(1), (self.naming.poly(rest),))]
                    return self._say(poly, strict, terms, [(a, False), (b, True), (rest, strict)], [b])
        return False

    def _by_root(self, poly: Poly, strict: bool, depth: int) -> bool:
        ring = self.field.ring
        for position, meaning in ring.meanings.items():
            if meaning.kind != "sqrt" or int(poly.degrees()[position]) != 1:
                continue
            root, radicand = ring.gens[position], meaning.args[0].num
            rest = poly.subs({ring.names[position]: 0})
            factor = divmod(poly - rest, root)[0]
            for sign in (1, -1):
                # sign*(rest**2 - factor**2*radicand) >= 0 where sign*rest > 0 and sign*factor <= 0.
                if not self.shown(-sign * factor, False, depth + 1) or not self.shown(sign * rest, False, depth + 1):
                    continue
                conjugate = sign * (rest - factor * root)
                if not self.shown(conjugate, True, depth + 1):
                    continue
                difference = self.field.reduced(sign * (rest * rest - factor * factor * radicand))
                if self.shown(difference, strict, depth + 1):
                    text = () if difference == 0 else (Term(Fraction(1), (self.naming.poly(difference),)),)
                    return self._say(poly, strict, text, [(difference, strict), (conjugate, True)], [conjugate])
        return False

    def _by_square(self, poly: Poly, strict: bool, depth: int) -> bool:
        ring = self.field.ring
        degrees = poly.degrees()
        free = [i for i, d in enumerate(degrees) if int(d) == 2 and i not in self.field.domains]
        bound = [i for i, d in enumerate(degrees) if int(d) == 2 and i in self.field.domains]
        for i in (*free, *bound):
            gen, name = ring.gens[i], ring.names[i]
            last = poly.subs({name: 0})
            linear, quadratic = _coefficients(poly, i, ring)
            if not self.shown(quadratic, True, depth + 1):
                continue
            rest = self.field.reduced(4 * quadratic * last - linear * linear)
            if self.shown(rest, strict, depth + 1):
                terms = [Term(Fraction(1, 4), (), (self.naming.poly(2 * quadratic * gen + linear),))]
                if rest != 0:
                    terms.append(Term(Fraction(1, 4), (self.naming.poly(rest),)))
                return self._say(poly, strict, terms, [(rest, strict), (quadratic, True)], [quadratic])
        return False


def _coefficients(poly: Poly, position: int, ring: object) -> tuple[Poly, Poly]:
    """The coefficients of the first and the second power of a generator."""
    context = ring.ring  # type: ignore[attr-defined]
    found = [{}, {}, {}]  # type: list[dict[tuple[int, ...], int]]
    for monomial, c in poly.to_dict().items():
        exponents = tuple(map(int, monomial))
        found[exponents[position]][(*exponents[:position], 0, *exponents[position + 1 :])] = int(c)
    return context.from_dict(found[1]), context.from_dict(found[2])


def _product(
    a: tuple[Poly, tuple[str, ...], bool], b: tuple[Poly, tuple[str, ...], bool]
) -> tuple[Poly, tuple[str, ...], bool]:
    return a[0] * b[0], (*a[1], *b[1]), a[2] and b[2]
