"""C kernels of wide rules on NumPy arrays: every wrong argument gets one clear line, and nothing is touched."""

from __future__ import annotations

import copy
import shutil
from typing import Any

import numpy as np
import pytest

from symopt.errors import DomainError, SymoptError, UsageError
from symopt.lang import Hyper, NonNegative, Rule, State, model_total, norm
from symopt.run.compile import COMPILERS
from symopt.run.kernel import CKernel, load
from symopt.run.philox import uniforms
from symopt.run.team import LEAST
from tests.run.small_rules import (
    Counted,
    Distance,
    Extremes,
    Given,
    Langevin,
    Midpoints,
    Newton,
    NumberState,
    Sharpness,
)

pytest.importorskip("cffi")
pytestmark = pytest.mark.skipif(not any(map(shutil.which, COMPILERS)), reason="no C compiler")
RNG = np.random.default_rng(11)


class Norms(Rule, name="norms"):
    """A number for every tensor of a model, and a point that reads it."""

    lr = Hyper(0.1, domain=NonNegative)
    nu, total = State(), State()

    def update(s) -> None:
        s.g_at = s.gradient(at=s.p * (1 + s.nu))
        s.nu = norm(s.g_at)
        s.total = s.total + model_total(s.g_at)
        s.p = s.p - s.lr * s.g_at / (1 + s.nu)


class ModelNoise(Rule, name="model_noise"):
    """The parameters of a model become noise, and more where there is a gradient."""

    def update(s) -> None:
        s.p = s.uniform() + model_total(s.g)


@pytest.fixture(scope="module")
def kernels(tmp_path_factory) -> dict[str, CKernel]:
    """The kernels by name, from a cache that all tests here share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SYMOPT_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        small = (
            Extremes,
            Distance,
            Given,
            Langevin,
            NumberState,
            Norms,
            Midpoints,
            Sharpness,
            Counted,
            Newton,
            ModelNoise,
        )
        found = [load(cls, "float32") for cls in small]
    return {kernel.rule.name: kernel for kernel in found}


def array(*shape: int) -> np.ndarray:
    return RNG.standard_normal(shape).astype(np.float32)


class Arguments:
    """The arguments of a step that is fine; a test changes one."""

    def __init__(self, kernel: CKernel) -> None:
        self.kernel = kernel
        program = kernel._program
        self.p: Any = [array(3, 4), array(2, 2)] if program.over_model else array(3, 4)
        self.g: Any = {
            name: [array(*p.shape) for p in self.p] if program.over_model else array(3, 4) for name in kernel.gradients
        }
        self.states = kernel.init(self.p)
        self.keywords: dict[str, Any] = {"loss": 1.0, "hessian": array(3, 4)}

    def step(self) -> None:
        self.kernel.step(self.p, self.g, self.states, 1, **self.keywords)


def first(a: Arguments, name: str) -> None:
    a.states[name] = a.states[name][:1]


REFUSED = [
    ("newton", lambda a: setattr(a, "p", array(12)), r"newton: p is a matrix \(2 dimensions\), not of shape \(12,\)"),
    (
        "newton",
        lambda a: setattr(a, "p", array(2, 3, 2)),
        r"newton: p is a matrix \(2 dimensions\), not of shape \(2, 3, 2\)",
    ),
    ("newton", lambda a: a.g.update(g=array(4, 3)), r"g has the shape \(4, 3\); the others have \(3, 4\)"),
    ("newton", lambda a: a.g.update(g=np.asfortranarray(array(3, 4))), "g is not contiguous"),
    ("newton", lambda a: a.g.pop("g"), "step of newton needs the array 'g'"),
    ("newton", lambda a: setattr(a, "p", [a.p]), "newton: p is list; this kernel takes arrays of float32"),
    ("extremes", lambda a: a.states.update(row=array(3)), r"row has the shape \(3,\); here it is \(3, 1\)"),
    ("extremes", lambda a: a.states.update(row=array(1, 4)), r"row has the shape \(1, 4\); here it is \(3, 1\)"),
    ("extremes", lambda a: a.states.update(col=array(3, 4)), r"col has the shape \(3, 4\); here it is \(1, 4\)"),
    ("extremes", lambda a: a.states.update(col=1.0), "col is float; this kernel takes float32"),
    ("extremes", lambda a: a.states.update(row=a.p[:, :1]), "row is not contiguous"),
    ("number_state", lambda a: a.states.update(nu=np.zeros(1)), "nu is ndarray; here it is a number"),
    ("number_state", lambda a: a.states.update(nu=None), "nu is NoneType; here it is a number"),
    ("number_state", lambda a: a.states.pop("nu"), "step of number_state needs the number 'nu'"),
    ("distance", lambda a: a.g.update(g=a.g["g"][:1]), "distance: g has 1 arrays, and p has 2"),
    ("distance", lambda a: a.g.update(g=a.g["g"][0]), "distance: g has 1 arrays, and p has 2"),
    ("distance", lambda a: first(a, "p0"), "distance: p0 has 1 arrays, and p has 2"),
    ("distance", lambda a: a.states.update(d=[1.0, 2.0]), "d is list; here it is a number"),
    ("distance", lambda a: a.g["g"].reverse(), r"g has the shape \(2, 2\); the others have \(3, 4\)"),
    ("distance", lambda a: a.g["g"].__setitem__(1, a.p[1]), r"p\[1\] and g\[1\] overlap"),
    ("distance", lambda a: a.states["w"].__setitem__(0, a.p[0]), r"p\[0\] and w\[0\] overlap"),
    ("distance", lambda a: a.g["g"].__setitem__(1, a.p[0].reshape(-1)[:4].reshape(2, 2)), r"p\[0\] and g\[1\] overlap"),
    ("distance", lambda a: a.p.__setitem__(1, a.p[0].reshape(-1)[:4].reshape(2, 2)), r"p\[0\] and p\[1\] overlap"),
    ("distance", lambda a: a.p.__setitem__(1, [1.0]), "p is list; this kernel takes arrays of float32"),
    (
        "distance",
        lambda a: a.g["g"].__setitem__(0, a.g["g"][0].astype(float)),
        "g is float64; this kernel takes float32",
    ),
    ("norms", lambda a: a.states["nu"].pop(), "norms: nu has 1 numbers, and p has 2 arrays"),
    ("norms", lambda a: a.states.update(nu=0.5), "norms: nu has 1 numbers, and p has 2 arrays"),
    ("norms", lambda a: a.states["nu"].__setitem__(0, "x"), "nu is str; here it is a number"),
    ("given", lambda a: a.keywords.pop("loss"), "given needs the loss"),
    ("given", lambda a: a.keywords.pop("hessian"), "step of given needs the array 'hessian'"),
    ("given", lambda a: a.keywords.update(hessian=array(3)), r"hessian has the shape \(3,\)"),
    ("given", lambda a: a.keywords.update(hessian=a.p), "p and hessian overlap"),
    ("midpoints", lambda a: a.g.pop("g3"), "step of midpoints needs the array 'g3'"),
    ("midpoints", lambda a: a.g.update(g4=array(3, 4)), "midpoints has no array 'g4'"),
    ("langevin", lambda a: a.keywords.update(seed=-1), "the seed is -1; it lies between 0 and"),
    ("langevin", lambda a: a.keywords.update(seed=1 << 64), "the seed is 18446744073709551616"),
]


NAMED = [f"{name}-{k}" for k, (name, _, _) in enumerate(REFUSED)]


@pytest.mark.parametrize(("name", "change", "message"), REFUSED, ids=NAMED)
def test_wrong_arguments_are_refused_with_one_line(kernels, name, change, message) -> None:
    a = Arguments(kernels[name])
    change(a)
    before = copy.deepcopy((a.p, a.states))
    with pytest.raises(UsageError, match=message) as caught:
        a.step()
    assert "\n" not in str(caught.value)
    np.testing.assert_equal((a.p, a.states), before)


@pytest.mark.parametrize(
    "name", ["newton", "extremes", "number_state", "distance", "norms", "given", "midpoints", "langevin"]
)
def test_the_arguments_are_fine_before_they_are_changed(kernels, name) -> None:
    a = Arguments(kernels[name])
    before = copy.deepcopy(a.p)
    a.step()
    assert not np.array_equal(a.p[0], before[0])


@pytest.mark.parametrize(
    ("name", "p", "message"),
    [
        ("newton", np.zeros(3, np.float32), r"p is a matrix \(2 dimensions\), not of shape \(3,\)"),
        ("distance", np.zeros(3), "p is float64; this kernel takes float32"),
        ("distance", [np.zeros(3, np.float32), None], "p is NoneType; this kernel takes arrays of float32"),
        ("counted", np.zeros(6, np.float32)[::2], "p is not contiguous"),
        ("counted", 3.0, "p is float; this kernel takes arrays of float32"),
    ],
)
def test_states_are_made_only_for_parameters_that_fit(kernels, name, p, message) -> None:
    with pytest.raises(UsageError, match=message):
        kernels[name].init(p)


def test_points_are_refused_in_the_same_way(kernels) -> None:
    a = Arguments(kernels["midpoints"])
    with pytest.raises(UsageError, match="point1 of midpoints needs the array 'g'"):
        a.kernel.point(a.p, a.states, 1, phase="point1")
    with pytest.raises(UsageError, match="midpoints has no function 'point9'; did you mean point"):
        a.kernel.point(a.p, a.states, 1, phase="point9")
    b = Arguments(kernels["sharpness"])
    with pytest.raises(UsageError, match="sharpness: g has 3 arrays, and p has 2"):
        b.kernel.point(b.p, b.states, 1, g=[*b.g["g"], array(1)])


@pytest.mark.parametrize("name", ["newton", "extremes", "number_state", "distance", "norms", "given"])
def test_steps_count_from_one(kernels, name) -> None:
    a = Arguments(kernels[name])
    before = copy.deepcopy((a.p, a.states))
    for t, keywords in ((0, {}), (1, {"lr": -1.0}), (1, {"lr": float("nan")})):
        with pytest.raises(SymoptError) as caught:
            a.kernel.step(a.p, a.g, a.states, t, **a.keywords, **keywords)
        assert isinstance(caught.value, DomainError)
    np.testing.assert_equal((a.p, a.states), before)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0)])
@pytest.mark.parametrize("name", ["newton", "extremes", "given", "number_state", "langevin"])
def test_empty_arrays_stay_empty(kernels, name, shape) -> None:
    kernel, p = kernels[name], np.zeros(shape, np.float32)
    states = kernel.init(p)
    before = copy.deepcopy(states)
    kernel.step(p, p.copy(), states, 1, loss=1.0, hessian=p.copy())
    np.testing.assert_equal(states, before)


def test_models_have_empty_tensors_and_may_have_none(kernels) -> None:
    kernel = kernels["norms"]
    p = [array(0), array(5), array(0, 3)]
    states = kernel.init(p)
    point = kernel.point(p, states, 1)
    assert [x.shape for x in point] == [x.shape for x in p]
    kernel.step(p, [np.ones_like(x) for x in p], states, 1)
    assert states["nu"] == [0.0, np.sqrt(5), 0.0]
    assert states["total"] == 5.0
    nothing = kernel.init([])
    kernel.step([], [], nothing, 1)
    assert nothing == {"nu": [], "total": 0.0}


def test_one_array_is_a_model_of_one_tensor(kernels) -> None:
    kernel, p, g = kernels["distance"], array(7), array(7)
    q = p.copy()
    states, listed = kernel.init(p), kernel.init([q])
    kernel.step(p, g, states, 1)
    kernel.step([q], [g], listed, 1)
    np.testing.assert_array_equal(p, q)
    np.testing.assert_equal(states, listed)


def test_a_bound_step_reads_the_numbers_that_the_states_hold(kernels) -> None:
    kernel, p, g = kernels["number_state"], array(5), array(5)
    states, q = kernel.init(p), p.copy()
    step = kernel.bind(p, g, states)
    step(1)
    square = float(np.sum(g.astype(float) ** 2))
    assert states["nu"] == pytest.approx(square, rel=1e-12)
    states["nu"] *= 4
    step(2)
    assert states["nu"] == pytest.approx(0.9 * 4 * square + 0.1 * square, rel=1e-12)
    again = kernel.init(q)
    kernel.step(q, g, again, 1)
    again["nu"] *= 4
    kernel.step(q, g, again, 2)
    np.testing.assert_array_equal(p, q)


def test_several_tensors_draw_different_numbers_and_a_seed_repeats_them(kernels) -> None:
    kernel, found = kernels["langevin"], []
    for seed, t in ((3, 1), (3, 1), (4, 1), (3, 2), (3 + 2**32, 1)):
        p = np.zeros(5000, np.float32)
        kernel.step(p, np.zeros_like(p), {}, t, lr=1.0, seed=seed)
        found.append(p)
    np.testing.assert_array_equal(found[0], found[1])
    for other in found[2:]:
        assert abs(np.corrcoef(found[0], other)[0, 1]) < 0.08
    assert np.mean(found[0]) == pytest.approx(0.5, abs=0.05)


def test_every_tensor_of_a_model_has_a_seed_of_its_own(kernels) -> None:
    kernel, seed = kernels["model_noise"], 2**64 - 2**32 - 5
    p = [np.zeros(9, np.float32) for _ in range(3)]
    kernel.step(p, [np.zeros(9, np.float32) for _ in range(3)], {}, 4, seed=seed)
    for index, array_ in enumerate(p):
        expected = uniforms((9,), 4, 0, (seed + (index << 32)) % 2**64, "float32")
        np.testing.assert_array_equal(array_, expected)


@pytest.mark.parametrize("name", ["newton", "number_state", "distance", "langevin", "sharpness", "given", "counted"])
def test_threads_change_nothing(kernels, name) -> None:
    """What depends on other elements is not divided among threads; the sum has its order."""
    kernel, found = kernels[name], []
    shape = (3, 5) if name == "newton" else (LEAST + 77,)
    start, gradient = array(*shape), array(*shape)
    for threads in (1, 2, 3):
        p, g = start.copy(), gradient.copy()
        whole: Any = [p] if kernel._program.over_model else p
        gradients: Any = {q: [g] if kernel._program.over_model else g for q in kernel.gradients}
        states = kernel.init(whole)
        step = kernel.bind(whole, gradients, states, threads, loss=1.0, hessian=np.ones(shape, np.float32))
        for t in (1, 2):
            step(t)
        found.append((p, states))
    np.testing.assert_equal(found[1], found[0])
    np.testing.assert_equal(found[2], found[0])
