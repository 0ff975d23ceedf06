"""Training goes on from a converted state as from the original: the other framework's own optimizer is the judge."""

from __future__ import annotations

import importlib.util
import json
import re
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symopt.cli.main import run
from symopt.targets.checkpoint import NotConvertibleError
from symopt.targets.checkpoint_keras import precision
from symopt.targets.convert import convert_state

torch = pytest.importorskip("torch")
jax = pytest.importorskip("jax")
optax = pytest.importorskip("optax")

Array = NDArray[np.float64]
SHAPES = ((3, 4), (5,))
BEFORE, AFTER = 6, 5
CHECKOUT = Path(__file__).resolve().parent.parent.parent


def gradient(t: int, position: int) -> Array:
    return np.random.default_rng(100 * t + position).normal(size=SHAPES[position])


def steps(optimizer: Any, parameters: Sequence[Any], first: int, number: int) -> list[Array]:
    """The parameters after some steps of an optimizer of PyTorch."""
    for t in range(first, first + number):
        for position, parameter in enumerate(parameters):
            parameter.grad = torch.tensor(gradient(t, position))
        optimizer.step()
    return [parameter.detach().numpy().copy() for parameter in parameters]


def fresh(values: Sequence[Array] | None = None) -> list[Any]:
    start = [np.random.default_rng(i).normal(size=shape) for i, shape in enumerate(SHAPES)]
    return [torch.nn.Parameter(torch.tensor(value)) for value in values or start]


class Trained:
    """An optimizer of PyTorch after some steps: its checkpoint, the parameters then, and those after more steps."""

    def __init__(self, path: Path, cls: type, **arguments: Any) -> None:
        parameters = fresh()
        optimizer = cls(parameters, **arguments)
        self.path, self.cls, self.arguments = path, cls, arguments
        self.then = steps(optimizer, parameters, 0, BEFORE)
        torch.save(optimizer.state_dict(), path)
        self.later = steps(optimizer, parameters, BEFORE, AFTER)

    def continued_from(self, path: Path) -> list[Array]:
        """The parameters after the same further steps, from the state of a file; its arguments come from there too."""
        parameters = fresh(self.then)
        optimizer = self.cls(parameters)
        optimizer.load_state_dict(torch.load(path, weights_only=True))
        return steps(optimizer, parameters, BEFORE, AFTER)


def alike(found: Sequence[Array], expected: Sequence[Array], tolerance: float = 1e-12) -> None:
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=0, atol=tolerance)


@pytest.fixture(scope="module")
def adam(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    path = tmp_path_factory.mktemp("adam") / "adam.pt"
    return Trained(path, torch.optim.Adam, lr=0.01, betas=(0.8, 0.95), eps=1e-3)


def test_adam_to_optax_and_back(adam: Trained, tmp_path: Path) -> None:
    """Twelve digits of what the original computes, in optax and again in PyTorch."""
    there = tmp_path / "adam.npz"
    done = convert_state(adam.path, "torch.optim.Adam", "optax.adam", out=there)
    assert (done.parameters, done.steps, done.notes) == (2, BEFORE, ())
    hypers = done.hypers[0]
    assert hypers == {"learning_rate": 0.01, "b1": 0.8, "b2": 0.95, "eps": 1e-3, "eps_root": 0.0}
    with jax.enable_x64(True), np.load(there) as file:
        optimizer = optax.adam(**hypers)
        parameters = [jax.numpy.asarray(value) for value in adam.then]
        leaves, tree = jax.tree_util.tree_flatten_with_path(optimizer.init(parameters))
        state = jax.tree_util.tree_unflatten(tree, [file[jax.tree_util.keystr(path)] for path, _ in leaves])
        for t in range(BEFORE, BEFORE + AFTER):
            gradients = [jax.numpy.asarray(gradient(t, i)) for i in range(2)]
            updates, state = optimizer.update(gradients, state, parameters)
            parameters = optax.apply_updates(parameters, updates)
    alike([np.asarray(p) for p in parameters], adam.later)
    convert_state(there, "optax.adam", "torch.optim.Adam", out=tmp_path / "back.pt")
    alike(adam.continued_from(tmp_path / "back.pt"), adam.later)


def kernel(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, CHECKOUT / "generated" / "numpy" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_adamw_to_the_generated_kernel_and_back(tmp_path: Path) -> None:
    trained = Trained(tmp_path / "adamw.pt", torch.optim.AdamW, lr=0.02, weight_decay=0.3)
    there = tmp_path / "adamw.npz"
    (hypers,) = convert_state(trained.path, "torch.optim.AdamW", "adamw", out=there).hypers
    adamw = kernel("adamw")
    reached = [value.copy() for value in trained.then]
    with np.load(there) as file:
        for i, p in enumerate(reached):
            state = {name: file[f"{i}/{name}"] for name in ("m", "v")} | {"t": int(file[f"{i}/t"])}
            for t in range(BEFORE, BEFORE + AFTER):
                adamw.step(p, gradient(t, i), state, **hypers)
    alike(reached, trained.later)
    convert_state(there, "adamw", "torch.optim.AdamW", out=tmp_path / "back.pt")
    alike(trained.continued_from(tmp_path / "back.pt"), trained.later)


def keras_steps(make: Callable[[Any], Any], path: Path, values: Sequence[Array]) -> list[Array]:
    """The parameters after further steps of an optimizer of Keras, from the state of a file."""
    keras = pytest.importorskip("keras")
    with precision(np.dtype(np.float64)), np.load(path) as file:
        variables = [keras.Variable(value, dtype="float64") for value in values]
        optimizer = make(keras.optimizers)
        optimizer.build(variables)
        optimizer.load_own_variables({key: file[key] for key in file.files if key.isdigit()})
        for t in range(BEFORE, BEFORE + AFTER):
            optimizer.apply([keras.ops.convert_to_tensor(gradient(t, i)) for i in range(2)], variables)
        return [np.array(keras.ops.convert_to_numpy(variable.value)) for variable in variables]


@pytest.fixture
def _keras(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("keras") is None:
        pytest.skip("Keras is not installed")
    monkeypatch.setenv("KERAS_BACKEND", "jax")


@pytest.mark.usefixtures("_keras")
def test_momentum_to_keras_and_back(tmp_path: Path) -> None:
    """The velocity is the buffer times -lr, and it stays that as long as lr does."""
    trained = Trained(tmp_path / "sgd.pt", torch.optim.SGD, lr=0.05, momentum=0.9)
    there = tmp_path / "sgd.npz"
    done = convert_state(trained.path, "torch.optim.SGD", "keras.optimizers.SGD", out=there, steps=BEFORE)
    assert done.notes == ("this holds as long as lr is the same at every step",)
    alike(keras_steps(lambda o: o.SGD(**done.hypers[0]), there, trained.then), trained.later)
    with np.load(there) as file:
        assert int(file["0"]) == BEFORE
        buffer = torch.load(trained.path, weights_only=True)["state"][1]["momentum_buffer"].numpy()
        np.testing.assert_allclose(file["3"], -0.05 * buffer, rtol=1e-15)
    convert_state(there, "keras.optimizers.SGD", "torch.optim.SGD", out=tmp_path / "back.pt")
    alike(trained.continued_from(tmp_path / "back.pt"), trained.later)


@pytest.mark.usefixtures("_keras")
def test_what_would_change_from_step_to_step_is_refused_or_said(adam: Trained, tmp_path: Path) -> None:
    """Keras adds eps elsewhere: what stands for 1e-3 at the next step is no longer that at the one after it."""
    there = tmp_path / "adam.npz"
    with pytest.raises(NotConvertibleError, match=r"epsilon = eps\*sqrt\(1 - beta2\*\*t\).*--approximate"):
        convert_state(adam.path, "torch.optim.Adam", "keras.optimizers.Adam", out=there)
    assert not there.exists()
    done = convert_state(adam.path, "torch.optim.Adam", "keras.optimizers.Adam", out=there, approximate=True)
    assert done.hypers[0]["epsilon"] == pytest.approx(1e-3 * (1 - 0.95 ** (BEFORE + 1)) ** 0.5, rel=1e-15)
    assert "keeps the value of the next step" in done.notes[0]
    found = keras_steps(lambda o: o.Adam(**done.hypers[0]), there, adam.then)
    alike(found, adam.later, 1e-3)
    assert max(float(np.abs(a - b).max()) for a, b in zip(found, adam.later, strict=True)) > 1e-9


def test_amsgrad_comes_from_the_checkpoint(tmp_path: Path) -> None:
    """Flags are read from the groups, so that the source needs no brackets."""
    trained = Trained(tmp_path / "ams.pt", torch.optim.AdamW, lr=0.02, amsgrad=True)
    there = tmp_path / "ams.npz"
    with pytest.raises(NotConvertibleError, match=r"torch.optim.AdamW\[amsgrad=True\]"):
        convert_state(trained.path, "torch.optim.AdamW", "adamw", out=there)
    convert_state(trained.path, "torch.optim.AdamW", "adamw[amsgrad=True]", out=there)
    with np.load(there) as file:
        assert "0/vmax" in file.files or len([key for key in file.files if key.startswith("0/")]) == 4


def complaint(capsys: pytest.CaptureFixture[str], *arguments: str, status: int) -> str:
    assert run(["convert-state", *arguments]) == status
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("symopt: ")
    assert err.count("\n") == 1
    return err


class Evil:
    def __reduce__(self) -> Any:
        return Path.touch, (Path("touched"),)


def test_files_that_are_no_checkpoints(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    Path("text.pt").write_text("no checkpoint", encoding="utf-8")
    torch.save({"w": torch.ones(2)}, "model.pt")
    torch.save({"state": {}, "param_groups": [], "x": Evil()}, "evil.pt")
    torch.save({"optimizer": torch.optim.SGD(fresh()).state_dict()}, "both.pt")
    np.save("array.npy", np.ones(2))
    np.savez("other.npz", m=np.ones(2))
    from_torch = ["--from", "torch.optim.AdamW", "--to", "adamw"]
    from_rule = ["--from", "adamw", "--to", "torch.optim.AdamW"]
    for file, target, says in [
        ("none.pt", from_torch, "no file none.pt"),
        ("text.pt", from_torch, "text.pt is no file of tensors written by torch.save"),
        ("model.pt", from_torch, "model.pt is no optimizer.state_dict()"),
        ("both.pt", from_torch, "its 'optimizer' is one"),
        ("evil.pt", from_torch, "evil.pt is no file of tensors"),
        ("none.npz", from_rule, "no file none.npz"),
        ("text.pt", from_rule, "text.pt is no archive of arrays written by numpy.savez"),
        (
            "model.pt",
            from_rule,
            "model.pt is no archive of arrays written by numpy.savez: it is an archive of something",
        ),
        ("array.npy", from_rule, "array.npy is no archive of arrays"),
    ]:
        assert says in complaint(capsys, file, *target, status=2)
    assert not Path("touched").exists(), "nothing in a checkpoint is run"
    says = "other.npz holds no t, v, which adamw keeps; it holds m"
    assert says in complaint(capsys, "other.npz", *from_rule, status=1)


def test_checkpoints_of_another_optimizer(adam: Trained, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sgd = Trained(tmp_path / "sgd.pt", torch.optim.SGD, lr=0.05, momentum=0.9)
    to_adamw = ["--from", "torch.optim.AdamW", "--to", "adamw"]
    says = complaint(capsys, str(sgd.path), *to_adamw, status=1)
    assert "holds no exp_avg for parameter 0, which torch.optim.AdamW" in says
    assert "it holds momentum_buffer" in says
    says = complaint(capsys, str(adam.path), *to_adamw, status=1)
    assert "decoupled_weight_decay = False, and torch.optim.AdamW has True" in says


def test_what_has_no_counterpart_says_why(adam: Trained, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    decayed = Trained(tmp_path / "adam.pt", torch.optim.Adam, lr=0.01, weight_decay=0.1)
    optax_adam = ["--from", "torch.optim.Adam", "--to", "optax.adam"]
    assert "weight_decay = 0.1" in complaint(capsys, str(decayed.path), *optax_adam, status=1)
    said = complaint(capsys, str(adam.path), "--from", "torch.optim.Adam", "--to", "lion", status=1)
    assert "no state of lion continues one of torch.optim.Adam[weight_decay=0]: The correction by beta1**t" in said
    assert not list(tmp_path.glob("*.npz"))
    unclear = ["--from", "torch.optim.Adam", "--to", "keras.optimizers.Adam", "--time-limit", "0.001"]
    if importlib.util.find_spec("keras") is not None:
        assert "undecided" in complaint(capsys, str(adam.path), *unclear, status=3)


def grouped(path: Path, **second: Any) -> Path:
    """A checkpoint of two groups, each of one parameter, of which the second has other settings."""
    parameters = fresh()
    groups = [{"params": parameters[:1]}, {"params": parameters[1:], **second}]
    steps(optimizer := torch.optim.AdamW(groups, lr=0.01), parameters, 0, 2)
    torch.save(optimizer.state_dict(), path)
    return path


def test_groups(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    """Groups that differ stay groups in PyTorch, and are refused by name where there are none."""
    path = grouped(tmp_path / "two.pt", lr=0.5)
    to_rule = ["--from", "torch.optim.AdamW", "--to", "adamw"]
    assert "differ in lr (0.01 and 0.5), and adamw has one set" in complaint(capsys, str(path), *to_rule, status=1)
    back = tmp_path / "back.pt"
    done = convert_state(path, "torch.optim.AdamW", "torch.optim.AdamW", out=back)
    assert [hypers["lr"] for hypers in done.hypers] == [0.01, 0.5]
    state = torch.load(back, weights_only=True)
    assert [(group["lr"], group["params"]) for group in state["param_groups"]] == [(0.01, [0]), (0.5, [1])]
    flags = grouped(tmp_path / "flags.pt", amsgrad=True)
    assert "groups of the checkpoint differ in amsgrad" in complaint(capsys, str(flags), *to_rule, status=1)


def test_what_a_checkpoint_lacks_is_asked_for(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    sgd = Trained(tmp_path / "sgd.pt", torch.optim.SGD, lr=0.05, momentum=0.9)
    to_rule = [str(sgd.path), "--from", "torch.optim.SGD", "--to", "momentum", "--out", str(tmp_path / "sgd.npz")]
    assert "--steps" in complaint(capsys, *to_rule, status=1)
    assert run(["convert-state", *to_rule, "--steps", "6", "--json"]) == 0
    document: Mapping[str, Any] = json.loads(capsys.readouterr().out)
    assert (document["schema"], document["steps"], document["parameters"]) == ("symopt.convert-state/1", 6, 2)
    page = (CHECKOUT / "docs" / "json.md").read_text(encoding="utf-8").partition("## `symopt.convert-state/1`")[2]
    assert list(document) == re.findall(r"^\| `(\w+)` \|", page.partition("\n## ")[0], re.M)
    np.savez(tmp_path / "bare.npz", t=3, m=np.ones(2), v=np.ones(2))
    back = [str(tmp_path / "bare.npz"), "--from", "adamw", "--to", "torch.optim.AdamW"]
    assert "does not hold lr of adamw: give it by --hyper lr=..." in complaint(capsys, *back, status=2)
    given = "lr=0.1,beta1=0.9,beta2=0.99,eps=1e-8,weight_decay=0.1"
    assert run(["convert-state", *back, "--hyper", given]) == 0
    assert "torch.optim.AdamW for 1 parameter after 3 steps" in capsys.readouterr().out
    assert torch.load(tmp_path / "bare.torch.pt", weights_only=True)["param_groups"][0]["betas"] == (0.9, 0.99)
    assert "is no name=number" in complaint(capsys, *back, "--hyper", "lr", status=2)
    assert "adamw has no hyper-parameter 'bta1'; did you mean" in complaint(
        capsys, *back, "--hyper", "bta1=1", status=2
    )


def test_before_the_first_step_there_is_nothing(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    torch.save(torch.optim.AdamW(fresh()).state_dict(), tmp_path / "fresh.pt")
    said = complaint(capsys, str(tmp_path / "fresh.pt"), "--from", "torch.optim.AdamW", "--to", "adamw", status=1)
    assert "from before the first step" in said
