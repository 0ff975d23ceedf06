"""The catalogue has the names that the project promises, and every rule of it is well formed."""

import pytest

from symopt import catalogue
from symopt.ir.nodes import refs
from symopt.lang import Hyper, Rule
from symopt.passes.tracing import trace
from symopt.run.originals import originals

NAMES = [
    "sgd", "heavy_ball", "polyak", "momentum", "momentum_ema", "momentum_velocity", "nag", "adagrad", "adagrad_eps_in",
    "adagrad_decay", "rmsprop", "rmsprop_tf", "rmsprop_graves", "adadelta", "adadelta_momentum", "adam", "adam_tf",
    "adam_l2", "adamw", "adamw_paper", "adamw_tf", "adamw_bert", "adamw_transformers", "sgdw", "ewa", "signsgd",
    "signum", "lion", "adamax", "adamax_paper", "amsgrad", "amsgrad_paper", "amsgrad_optax", "qhm", "nadam_dozat",
    "nadam_tf",
]  # fmt: skip
SCHEDULES = [
    "constant", "cosine", "cosine_decay", "cosine_onecycle", "cosine_restarts", "cyclic", "exponential",
    "exponential_decay", "inverse_power", "inverse_sqrt", "inverse_time", "linear", "linear_onecycle", "multi_step",
    "noam", "one_cycle", "polynomial", "product", "rex", "sequence", "sgdr", "step", "warmup", "warmup_cosine",
    "warmup_exponential", "wsd",
]  # fmt: skip

VARIANTS = [rule for name in catalogue.rule_names() for rule in catalogue.rule(name).variants()]


def test_promised_names_are_there() -> None:
    assert set(NAMES) <= set(catalogue.rule_names())
    assert set(SCHEDULES) <= set(catalogue.schedule_names())


@pytest.mark.parametrize("name", catalogue.rule_names())
def test_rule_says_what_it_is_and_where_it_is_from(name: str) -> None:
    rule = catalogue.rule(name)
    assert rule.__doc__
    assert rule.__doc__.endswith(".")
    assert "\n" not in rule.__doc__
    assert rule.source
    assert all(hyper.tex for hyper in rule.declared(Hyper).values())


@pytest.mark.parametrize("rule", VARIANTS, ids=lambda rule: rule.title)
def test_variant_traces_and_reads_what_it_declares(rule: Rule) -> None:
    """A hyper-parameter or state that no statement reads does not belong to the variant."""
    frozen = trace(rule)
    read = refs(*frozen.step().values(), *frozen.points().values(), *(state.init for state in frozen.states))
    declared = [hyper.name for hyper in frozen.hypers] + [state.name for state in frozen.states]
    assert [name for name in declared if name not in read] == []


@pytest.mark.parametrize("name", catalogue.rule_names())
def test_rule_file_imports_nothing_but_the_language(name: str) -> None:
    """What a rule's module can see comes from symopt.lang or from the rule that it renames."""
    module = __import__(f"symopt.specs.{name}", fromlist=["*"])
    public = [item for key, item in vars(module).items() if not key.startswith("_")]
    homes = {getattr(item, "__module__", "") for item in public}
    assert all(home.startswith(("symopt.lang", "symopt.specs", "sympy")) for home in homes), homes


def test_every_variant_is_compared_with_something_independent() -> None:
    from formulas import compared

    elsewhere = compared()
    left = [rule.title for rule in VARIANTS if not any(original.states(rule) for original in originals())]
    assert [title for title in left if title not in elsewhere] == []
