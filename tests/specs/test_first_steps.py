"""The first steps of rules in exact arithmetic, against numbers computed by hand.

The hyper-parameters are small rationals with rational roots: 1 - beta2 = 1/4 makes sqrt(v) = |g|/2 after
one step.
"""

from fractions import Fraction

import pytest

from symopt import catalogue
from symopt.ir.evaluate import evaluate, evaluate_step
from symopt.ir.exact import ScalarArithmetic
from symopt.passes.tracing import trace

ADAM = "beta1=0.5,beta2=0.75,eps=1"


def exact_steps(target: str, p: str, gradients: list[str]) -> list[Fraction]:
    """The parameter after each step, from ``p``."""
    frozen, arithmetic = trace(catalogue.resolve(target)), ScalarArithmetic()
    values = {"p": Fraction(p)} | {hyper.name: hyper.default for hyper in frozen.hypers}
    values |= {state.name: evaluate([state.init], values, arithmetic)[0] for state in frozen.states}
    reached = []
    for t, gradient in enumerate(gradients, 1):
        inputs = values | {"t": Fraction(t)} | {query.name: Fraction(gradient) for query in frozen.queries}
        after = evaluate_step(frozen, inputs, arithmetic)
        values |= {name: after[let] for name, let in frozen.results.items()}
        reached.append(values["p"])
    return reached


@pytest.mark.parametrize(
    ("target", "p", "gradients", "expected"),
    [
        # p - lr g, twice
        ("sgd[lr=0.1]", "1", ["2", "3"], ["4/5", "1/2"]),
        # 2 + 1/2; 1 - 5/20
        ("sgd[lr=0.1,l2=True,weight_decay=0.5]", "1", ["2"], ["3/4"]),
        # b = 2, not dampened; then b = 1 + 3/4 * 4 = 4
        ("sgd[lr=0.1,momentum=True,mu=0.5,dampening=True,tau=0.25]", "1", ["2", "4"], ["4/5", "2/5"]),
        # b = 2: step 2 + 1; b = 1 + 4 = 5: step 4 + 5/2
        ("sgd[lr=0.1,momentum=True,mu=0.5,nesterov=True]", "1", ["2", "4"], ["7/10", "1/20"]),
        # 4/5 + (4/5 - 1)/2 - 4/10
        ("heavy_ball[lr=0.1,mu=0.5]", "1", ["2", "4"], ["4/5", "3/10"]),
        ("polyak[lr=0.1,mu=0.5]", "1", ["2", "4"], ["4/5", "3/10"]),
        ("momentum[lr=0.1,mu=0.5]", "1", ["2", "4"], ["4/5", "3/10"]),
        # m = 1, then 1/2 + 2 = 5/2
        ("momentum_ema[lr=0.1,mu=0.5]", "1", ["2", "4"], ["9/10", "13/20"]),
        # w = -1/5, then -1/10 - 2/5 = -1/2
        ("momentum_velocity[lr=0.1,mu=0.5]", "1", ["2", "4"], ["4/5", "3/10"]),
        # 1 - 1/10 - 1/5
        ("momentum_velocity[lr=0.1,mu=0.5,nesterov=True]", "1", ["2"], ["7/10"]),
        # y = 4/5 - 1/10 = 7/10, then 7/10 - 4/10
        ("nag[lr=0.1,mu=0.5]", "1", ["2", "4"], ["4/5", "3/10"]),
        # b = 2: 1 - 1/5 - 1/20
        ("sgdw[lr=0.1,mu=0.5,weight_decay=0.5]", "1", ["2"], ["3/4"]),
        # b = 1: 1/4 * 2 + 3/4 * 1 = 5/4
        ("qhm[lr=0.1,mu=0.5,nu=0.75]", "1", ["2"], ["7/8"]),
        ("signsgd[lr=0.1]", "1", ["-7", "0", "1/9"], ["11/10", "11/10", "1"]),
        # b = -7/2, then -7/4 + 1/2 < 0: the average remembers the sign
        ("signum[lr=0.1,mu=0.5]", "1", ["-7", "1"], ["11/10", "6/5"]),
        # 1 - (1 + 1/2)/10
        ("lion[lr=0.1,beta1=0.5,beta2=0.75,weight_decay=0.5]", "1", ["7"], ["17/20"]),
        # 1, then 1/2 + 2; corrected by 1/2 and 3/4
        ("ewa[beta=0.5]", "0", ["2", "4"], ["1", "5/2"]),
        ("ewa[beta=0.5,debias=True]", "0", ["2", "4"], ["2", "10/3"]),
        # h = 9, then 25; with lr_decay = 1 the second step is halved
        ("adagrad[lr=1,eps=1]", "1", ["3", "4"], ["1/4", "-5/12"]),
        ("adagrad[lr=1,eps=1,lr_decay=1]", "1", ["3", "4"], ["1/4", "-1/12"]),
        ("adagrad_eps_in[lr=1,eps=7,initial_accumulator=0]", "1", ["3"], ["1/4"]),
        ("adagrad_decay[lr=1,eps=7,weight_decay=0.5]", "1", ["3"], ["-1/4"]),
        # v = 1: 2/(1 + 1)
        ("rmsprop[lr=0.1,rho=0.75,eps=1]", "1", ["2"], ["9/10"]),
        # v = 64/5, a = 8/5, v - a^2 = 256/25, root 16/5: 8/(16/5 + 4/5) = 2
        ("rmsprop[lr=0.1,rho=0.8,eps=0.8,centered=True]", "1", ["8"], ["4/5"]),
        # v = 1: 2/sqrt(1 + 3)
        ("rmsprop_tf[lr=0.1,rho=0.75,eps=3]", "1", ["2"], ["9/10"]),
        # d = -(2 + 1/2)/10
        ("rmsprop_graves[lr=0.1,rho=0.8,eps=0.8,mu=0.5,weight_decay=0.5]", "1", ["8"], ["3/4"]),
        # v = 3: 2 sqrt(0 + 1)/sqrt(3 + 1)
        ("adadelta[lr=0.1,rho=0.25,eps=1]", "1", ["2"], ["9/10"]),
        ("adadelta_momentum[lr=0.1,rho=0.25,eps=1,mu=0.5]", "1", ["2"], ["9/10"]),
        # After one step the corrected moments are g and g^2: 1 - 2/(2 + 1)/10
        (f"adam[lr=0.1,{ADAM}]", "1", ["2"], ["14/15"]),
        (f"amsgrad[lr=0.1,{ADAM}]", "1", ["2"], ["14/15"]),
        (f"amsgrad_optax[lr=0.1,{ADAM}]", "1", ["2"], ["14/15"]),
        # m = 1, v = 1: 1/(1 + 1)
        (f"amsgrad_paper[lr=0.1,{ADAM}]", "1", ["2"], ["19/20"]),
        # The same constants give 1/(1 + 1), but (1/2)/(1/2 + 1) where eps stands beside the uncorrected root
        (f"adam[lr=1,{ADAM}]", "0", ["1"], ["-1/2"]),
        (f"adam_tf[lr=1,{ADAM}]", "0", ["1"], ["-1/3"]),
        # g + p/2 = 3/2: 1 - (3/2)/(5/2)/10
        (f"adam_l2[lr=0.1,{ADAM},weight_decay=0.5]", "1", ["1"], ["47/50"]),
        # 1 - 1/20 - 1/20
        (f"adamw[lr=0.1,{ADAM},weight_decay=0.5]", "1", ["1"], ["9/10"]),
        # 1 - 1/2 (1/20 + 1/2): the decay is not multiplied by lr
        (f"adamw_paper[lr=0.1,eta=0.5,{ADAM},weight_decay=0.5]", "1", ["1"], ["29/40"]),
        # 1 - 1/20 - 1/30
        (f"adamw_tf[lr=0.1,{ADAM},weight_decay=0.5]", "1", ["1"], ["11/12"]),
        # m = 1/2, v = 1/4: 1/3 + 1/2
        (f"adamw_bert[lr=0.1,{ADAM},weight_decay=0.5]", "1", ["1"], ["11/12"]),
        # (1 - 1/30) * 19/20
        (f"adamw_transformers[lr=0.1,{ADAM},weight_decay=0.5]", "1", ["1"], ["551/600"]),
        (f"adamw_transformers[lr=0.1,{ADAM},weight_decay=0.5,correct_bias=False]", "1", ["1"], ["551/600"]),
        # u = max(0, 2 + 1) = 3; m/c1 = 2
        ("adamax[lr=0.1,beta1=0.5,beta2=0.75,eps=1]", "1", ["2"], ["14/15"]),
        ("adamax_paper[lr=0.1,beta1=0.5,beta2=0.75]", "1", ["2"], ["9/10"]),
        # m = 1/2: (1/4)/(3/4) + 1 = 4/3; v_hat = 1/4: (4/3)/(3/2)
        ("nadam_dozat[lr=0.9,beta1=0.5,beta2=0.25,eps=1]", "1", ["1"], ["1/5"]),
        # 1/4 + 1/2 = 3/4 over 3/2, times sqrt(1/4)/(1/2) = 1
        (f"nadam_tf[lr=0.1,{ADAM}]", "1", ["1"], ["19/20"]),
    ],
)
def test_steps(target: str, p: str, gradients: list[str], expected: list[str]) -> None:
    assert exact_steps(target, p, gradients) == [Fraction(value) for value in expected]


def test_centered_variance_of_a_constant_gradient_is_never_negative() -> None:
    """v - a^2 is a variance: 0 where the weights sum to 1, positive before."""
    frozen = trace(catalogue.resolve("rmsprop[centered=True,rho=0.5]"))
    values = {"lr": 1, "eps": 1, "p": 0, "g": 1, "v": 0, "a": 0, "t": 1}
    for _ in range(20):
        after = evaluate_step(frozen, {name: Fraction(v) for name, v in values.items()}, ScalarArithmetic())
        assert after["variance"] > 0
        values |= {"v": after["v_new"], "a": after["a_new"]}
