"""Every generated source is proved to be its rule, and a single wrong operator in a printer or template is noticed."""

import jinja2
import pytest

from symopt._paths import data_dir
from symopt.backends import base, registry
from symopt.catalogue import resolve, rule_names
from symopt.lift.generated.validate import validate_module
from symopt.lift.lifted import ALL_SHAPES
from symopt.lift.validation import validate
from symopt.printers.c import CPrinter
from symopt.printers.numpy import UFUNCS
from symopt.printers.python import PythonPrinter
from symopt.printers.torch import TorchPrinter

# A product of matrices goes through panels, a decomposition is an iteration: not seen to be alike for all lengths.
MATRICES = {"muon", "muon_flax", "muon_moonlight", "shampoo", "soap"}


def backend_of(source: str) -> str:
    return "c" if source.startswith("float") else source


@pytest.mark.parametrize("name", rule_names())
def test_every_source_is_proved_to_be_its_rule(name: str) -> None:
    validated = validate([resolve(name)])
    assert {backend_of(found.dtype) for found in validated.functions} == {"numpy", "torch", "c"}, validated.notes
    assert not validated.failed, validated.text()
    steps = {found.scope for found in validated.functions if "_step_" in found.function}
    assert steps == {"shapes (3, 11) and (11, 2)" if name in MATRICES else ALL_SHAPES}


@pytest.mark.parametrize("backend", ["numpy", "torch"])
@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ('state["t"] += 1', 'state["t"] += 2'),
        ("1.0 - beta1 ** t", "1.0 - beta1 ** (t - 1)"),
        ('state["t"] + 1', 'state["t"]'),
        ("zeros_like(p)", "ones_like(p)"),
        ("lr = _hyper", "eps = _hyper"),
    ],
)
def test_a_change_of_the_text_is_noticed(backend: str, right: str, wrong: str) -> None:
    variants = base.variants_of(resolve("adamw").__class__)
    (text,) = base.render_variants(registry.backend(backend), variants).values()
    assert right in text
    found = validate_module(text.replace(right, wrong), variants, backend)
    assert {validation.verdict for validation in found} != {"equal"}


def in_table(monkeypatch: pytest.MonkeyPatch, owner: object, attribute: str, key: str, wrong: str) -> None:
    """One wrong entry in a table of a printer."""
    table = getattr(owner, attribute)
    assert table[key] != wrong
    monkeypatch.setattr(owner, attribute, {**table, key: wrong})


def in_template(monkeypatch: pytest.MonkeyPatch, template: str, right: str, wrong: str) -> None:
    """One wrong piece of text in a template."""
    files = jinja2.FileSystemLoader(data_dir("templates"))
    text = (data_dir("templates") / template).read_text(encoding="utf-8")
    assert text.count(right) >= 1
    wrong_one = jinja2.DictLoader({template: text.replace(right, wrong)})
    # The environment itself is shared by everything that renders.
    environment = base.environment().overlay(loader=jinja2.ChoiceLoader([wrong_one, files]))
    monkeypatch.setattr(base, "environment", lambda: environment)


SEEDS = {
    "NumPy adds where it subtracts": lambda m: m.setitem(UFUNCS, "sub", "add"),
    "NumPy squares for a root": lambda m: m.setitem(UFUNCS, "sqrt", "square"),
    "NumPy takes the smaller for the larger": lambda m: m.setitem(UFUNCS, "max", "minimum"),
    "Python adds where it subtracts": lambda m: in_table(m, PythonPrinter, "operators", "sub", "+"),
    "PyTorch takes the size for a root": lambda m: in_table(m, TorchPrinter, "functions", "sqrt", "torch.abs({0})"),
    "C adds where it multiplies": lambda m: in_table(m, CPrinter, "operators", "mul", "+"),
    "C divides where it multiplies": lambda m: in_table(m, CPrinter, "operators", "mul", "/"),
    "a loop of C leaves out the first element": lambda m: in_template(m, "c/loop_flat.c.j2", "i = 0", "i = 1"),
    "C adds one lane twice": lambda m: in_template(m, "c/lanes_sum.c.j2", "lanes[7]", "lanes[6]"),
    "NumPy turns the wrong matrices": lambda m: in_template(m, "numpy/wide.py.j2", "<=", ">"),
    "PyTorch turns the wrong matrices": lambda m: in_template(m, "torch/wide.py.j2", "<=", ">"),
}


@pytest.mark.parametrize("seed", SEEDS)
def test_one_wrong_operator_is_noticed(seed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    SEEDS[seed](monkeypatch)
    rules = ["muon" if "matrices" in seed else "lamb" if "lane" in seed else "amsgrad"]
    assert validate([resolve(rule) for rule in rules]).exit_status != 0
