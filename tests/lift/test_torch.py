"""Optimizers of PyTorch as traces: those of the catalogue, and small ones with one peculiarity each."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from symopt.errors import UnsupportedError, UsageError  # noqa: E402  # PyTorch may be missing
from symopt.ir.nodes import Num, Reduce, walk  # noqa: E402
from symopt.lift.lifted import ALL_SHAPES, Lifted  # noqa: E402
from symopt.lift.torch import lift_class  # noqa: E402
from symopt.prove.compare import compare  # noqa: E402


def _one(cls: type, **fixed: object) -> Lifted:
    (lifted,) = lift_class(cls, cls.__name__, fixed)
    return lifted


@pytest.mark.parametrize(
    ("name", "fixed", "rule", "hyper_map"),
    [
        ("SGD", {"weight_decay": 0}, "sgd[momentum=True,dampening=True]", {"mu": "momentum", "tau": "dampening"}),
        (
            "SGD",
            {"dampening": 0, "nesterov": True},
            "sgd[momentum=True,nesterov=True,l2=True]",
            {"mu": "momentum"},
        ),
        ("Adam", {}, "adam[l2=True]", {}),
        ("Adam", {"amsgrad": True, "weight_decay": 0}, "amsgrad", {}),
        ("Adam", {"decoupled_weight_decay": True}, "adamw", {}),
        ("AdamW", {"foreach": True}, "adamw", {}),
        (
            "RMSprop",
            {"centered": True},
            "rmsprop[centered=True,momentum=True,l2=True]",
            {"rho": "alpha", "mu": "momentum"},
        ),
        ("Adagrad", {}, "adagrad[l2=True]", {"initial_accumulator": "initial_accumulator_value"}),
        ("Adadelta", {"weight_decay": 0}, "adadelta", {}),
        ("NAdam", {"decoupled_weight_decay": True}, "nadam[decay=True]", {"psi": "momentum_decay"}),
        ("Adamax", {"weight_decay": 0}, "adamax", {}),
        (
            "Rprop",
            {},
            "rprop",
            {"eta_minus": "eta1", "eta_plus": "eta2", "step_min": "step_size1", "step_max": "step_size2"},
        ),
        ("RAdam", {"decoupled_weight_decay": True}, "radam[decay=True]", {}),
        ("ASGD", {}, "asgd[l2=True]", {}),
    ],
)
def test_an_optimizer_of_pytorch_is_the_rule_that_the_catalogue_has(
    name: str, fixed: dict[str, object], rule: str, hyper_map: dict[str, str]
) -> None:
    lifted = _one(getattr(torch.optim, name), **fixed)
    assert lifted.scope == ALL_SHAPES
    verdict = compare(lifted.trace, rule, hyper_map=hyper_map)
    assert verdict.verdict == "equal"


def test_adam_is_not_adamw() -> None:
    assert compare(_one(torch.optim.Adam).trace, "adamw", hyper_map={}).verdict == "different"


def test_names_lead_back_to_the_source() -> None:
    lifted = _one(torch.optim.Adam)
    assert lifted.hyper_paths == {
        "lr": "lr", "beta1": "betas[0]", "beta2": "betas[1]", "eps": "eps", "weight_decay": "weight_decay"
    }  # fmt: skip
    assert lifted.state_paths == {"exp_avg": "state.exp_avg", "exp_avg_sq": "state.exp_avg_sq"}
    assert lifted.defaults["beta2"] == Fraction(999, 1000)
    assert lifted.framework == "torch"


def test_what_the_constructor_checks_is_the_domain() -> None:
    domains = _one(torch.optim.Adadelta).trace.domains
    assert domains["rho"].upper == 1
    assert domains["lr"].lower == 0


def test_an_assumption_that_the_code_does_not_need_goes_and_one_that_it_needs_stays() -> None:
    assert _one(torch.optim.Adam).trace.assumptions == ()
    # Without momentum the first step is like any other; with it and dampening it is not.
    assert _one(torch.optim.SGD).trace.assumptions == ("momentum != 0",)
    assert _one(torch.optim.SGD, dampening=0).trace.assumptions == ()


def test_muon_differs_from_shape_to_shape_and_records_its_cast() -> None:
    found = lift_class(torch.optim.Muon, "Muon", {"ns_steps": 2})
    assert [(item.scope, item.matrix) for item in found] == [("shape (4, 16)", (4, 16)), ("shape (64, 4)", (64, 4))]
    assert all("bfloat16" in " ".join(item.casts) for item in found)


def test_adafactor_has_one_trace_for_all_matrices_with_means_in_it() -> None:
    vector, matrix = lift_class(torch.optim.Adafactor, "Adafactor", {})
    assert (vector.scope, matrix.scope) == ("shape (16,)", "matrices")
    nodes = list(walk(let.value for let in matrix.trace.lets))
    assert {node.axis for node in nodes if isinstance(node, Reduce) and node.op == "mean"} == {None, 0, 1}
    sizes = {Fraction(size) for size in (4, 16, 64, 256)}
    assert not sizes & {node.value for node in nodes if isinstance(node, Num)}


@pytest.mark.parametrize(
    ("name", "message"),
    [("LBFGS", "the step needs a closure"), ("SparseAdam", "dense gradients")],
)
def test_what_cannot_be_lifted_is_refused(name: str, message: str) -> None:
    with pytest.raises(UnsupportedError, match=message):
        lift_class(getattr(torch.optim, name), name, {})


def test_fused_kernels_are_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="_fused_adam"):
        lift_class(torch.optim.Adam, "Adam", {"fused": True})


class Simple(torch.optim.Optimizer):
    """A base of small optimizers: a rate, and one update a tensor."""

    def __init__(self, params: Any, lr: float = 0.1) -> None:
        super().__init__(params, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            for p in group["params"]:
                self.update(p, p.grad, self.state[p], group)

    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        p.sub_(group["lr"] * g)


class SharedCounter(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        self.count = getattr(self, "count", 0) + 1
        p.sub_(group["lr"] * g / self.count)


class GlobalNorm(Simple):
    @torch.no_grad()
    def step(self) -> None:
        tensors = self.param_groups[0]["params"]
        norm = torch.stack([p.grad.norm() for p in tensors]).norm()
        for p in tensors:
            p.sub_(self.param_groups[0]["lr"] * p.grad / norm)


class Leak(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        p.sub_(group["lr"] * g * getattr(self, "last", 1.0))
        self.last = g.abs().max()


class RateInGroup(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        group["last"] = group["lr"] * p.norm() / p.numel() ** 0.5
        p.sub_(group["last"] * g)


class ModelMean(Simple):
    @torch.no_grad()
    def step(self) -> None:
        tensors = self.param_groups[0]["params"]
        mean = sum(p.grad.square().sum() for p in tensors) / sum(p.numel() for p in tensors)
        for p in tensors:
            p.sub_(self.param_groups[0]["lr"] * p.grad / mean.sqrt())


class Bounded(Simple):
    def __init__(self, params: Any, lr: float = 0.1, momentum: float = 0.9, beta: float = 0.5) -> None:
        if beta > 0.75:
            raise ValueError("beta")
        super().__init__(params, lr)
        self.momentum, self.beta = momentum, beta

    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        if self.beta > 0.75:
            g = 3 * g
        p.sub_(group["lr"] * (self.beta * g if self.momentum > 0.5 else 2 * g))


class LateChange(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        calls = self.__dict__.setdefault("calls", [])
        if len(calls) < 5:
            calls[:] = [None] * (len(calls) + 1)
        p.sub_(g if len(calls) < 5 else 2 * g)


class Hidden(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        self.mode = "a" if getattr(self, "mode", "b") == "b" else "b"
        p.sub_(g if self.mode == "a" else 2 * g)


class IntegerStep(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        if not state:
            state["step"] = torch.tensor(0, dtype=torch.int64)
        state["step"] += 1
        t = int(state["step"])
        p.sub_(group["lr"] * (1.0 / t) * 0.9**t * g)


class Branching(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        size = g.norm().item()
        p.sub_(group["lr"] * (g / size if size > 1 else g))


class Lazy(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        if "best" not in state:
            state["best"] = p.clone()
        state["best"].copy_(torch.maximum(state["best"], g))
        p.sub_(group["lr"] * state["best"])


class Computed(Simple):
    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        group["largest"] = max(group["lr"], group.get("largest", 0.0))
        p.sub_(group["largest"] * g)


class Needs(Simple):
    def __init__(self, params: Any, horizon: int, lr: float = 0.1) -> None:
        super().__init__(params, lr)
        self.horizon = horizon


class Picky(Simple):
    def __init__(self, params: Any, lr: float = 0.1, power: float = 1.0, drop: float = 0.0) -> None:
        if not 0.5 <= power <= 1.0:
            raise ValueError("power")
        if drop > 0:
            raise ValueError("drop is not supported")
        super().__init__(params, lr)
        self.power = power

    def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
        p.sub_(group["lr"] * self.power * g)


def _written(lifted: Lifted, name: str = "p") -> str:
    from symopt.ir.text import node_text

    return node_text(lifted.trace.step()[name])


def test_a_counter_that_tensors_share_gives_a_trace_for_each() -> None:
    first, second = lift_class(SharedCounter, "SharedCounter", {})
    assert first.scope == "all shapes, first of two tensors"
    assert second.scope == "all shapes, second of two tensors"
    assert compare(first.trace, second.trace, hyper_map={}).verdict == "different"


def test_a_norm_over_all_tensors_is_a_sum_over_the_model() -> None:
    assert _written(_one(GlobalNorm)) == "(sub p (div (mul g lr) (sqrt (model_sum (mul g g)))))"


def test_what_one_tensor_reads_of_another_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="reads g of another"):
        lift_class(Leak, "Leak", {})


def test_what_is_kept_of_another_tensor_and_not_read_is_no_leak() -> None:
    lifted = _one(RateInGroup)
    assert lifted.scope == ALL_SHAPES
    assert _written(lifted) == "(sub p (mul (mul (sqrt (mean (mul p p))) lr) g))"


def test_a_mean_over_the_model_is_refused_by_name() -> None:
    with pytest.raises(UnsupportedError, match="divided by the number of elements of the model"):
        lift_class(ModelMean, "ModelMean", {})


def test_a_bound_that_a_step_asks_for_is_assumed_unless_the_constructor_keeps_it() -> None:
    lifted = _one(Bounded)
    assert lifted.trace.assumptions == ("1/2 < momentum",)
    assert lifted.trace.domains["beta"].upper == Fraction(3, 4)


@pytest.mark.parametrize("cls", [LateChange, Hidden])
def test_what_changes_unseen_is_refused(cls: type) -> None:
    with pytest.raises(UnsupportedError):
        lift_class(cls, cls.__name__, {})


def test_a_step_counter_in_a_tensor_of_integers_is_the_step() -> None:
    assert _written(_one(IntegerStep)) == "(sub p (mul g (mul (mul lr (div 1 t)) (pow 9/10 t))))"


def test_a_branch_on_data_is_followed_both_ways() -> None:
    norm = "(sqrt (sum (mul g g)))"
    assert _written(_one(Branching)) == f"(where (lt 1 {norm}) (sub p (mul (div g {norm}) lr)) (sub p (mul g lr)))"


def test_a_state_that_starts_at_the_parameter() -> None:
    (state,) = _one(Lazy).trace.states
    assert (state.name, getattr(state.init, "name", None)) == ("best", "p")
    assert _written(_one(Lazy), "best") == "(max best g)"


def test_a_number_that_is_computed_anew_is_a_state_also_where_it_stays_the_same() -> None:
    assert "largest" in _one(Computed).state_paths


def test_a_required_argument_is_asked_for() -> None:
    with pytest.raises(UsageError, match=r"requires horizon; give it in brackets: Needs\[horizon=\.\.\.\]"):
        lift_class(Needs, "Needs", {})
    assert _one(Needs, horizon=3).trace.results


def test_values_that_a_constructor_takes_are_found() -> None:
    lifted = _one(Picky)
    assert lifted.trace.domains["power"].upper == 1
    assert lifted.trace.assumptions == ("drop = 0",)
    assert _written(lifted) == "(sub p (mul g (mul lr power)))"


def test_foreach_that_does_something_else_is_a_trace_of_its_own() -> None:
    class Two(Simple):
        def __init__(self, params: Any, lr: float = 0.1, foreach: bool | None = None) -> None:
            super().__init__(params, lr)
            self.foreach = foreach

        def update(self, p: Any, g: Any, state: Any, group: Any) -> None:
            p.sub_(group["lr"] * (g.sign() if self.foreach else g))

    loop, at_once = lift_class(Two, "Two", {})
    assert (loop.scope, at_once.scope) == ("all shapes, foreach=False", "all shapes, foreach=True")
    assert _written(at_once) == "(sub p (mul (sign g) lr))"


@pytest.mark.parametrize(
    ("name", "fixed", "rule"), [("Lion", {}, "lion"), ("Tiger", {}, "tiger"), ("Yogi", {"weight_decay": 0.0}, "yogi")]
)
def test_classes_that_nobody_prepared_lift(name: str, fixed: dict[str, object], rule: str) -> None:
    library = pytest.importorskip("pytorch_optimizer")
    lifted = _one(getattr(library, name), **fixed)
    assert lifted.scope == ALL_SHAPES
    assert compare(lifted.trace, rule, hyper_map={}).verdict == "equal"
