"""Whole numbers under a root: their square part and their primes."""

from __future__ import annotations

from math import isqrt

LARGEST_SQUARE_SEARCH = 10**6


def square_part(n: int) -> tuple[int, int]:
    """``(s, q)`` with ``n = s*s*q``; the largest square is looked for among small numbers only."""
    exact = isqrt(n)
    if exact * exact == n:
        return exact, 1
    square = 1
    for k in range(2, isqrt(min(n, LARGEST_SQUARE_SEARCH)) + 1):
        while n % (k * k) == 0:
            n //= k * k
            square *= k
    return square, n


def prime_factors(n: int) -> list[int]:
    """The primes of a square-free number; what is left after trial division by small primes stays whole."""
    primes, k = [], 2
    while k * k <= n and k < 1000:
        if n % k == 0:
            primes.append(k)
            n //= k
        else:
            k += 1
    return primes + ([n] if n > 1 else [])
