"""Tests of an optimizer of your own: pytest examples/test_my_optimizer.py"""

from my_optimizer import MyAdam

from symopt.testing import assert_different, assert_equivalent


def test_it_is_adamw() -> None:
    """It is written in another way than PyTorch's and the catalogue's, and computes the same, at every step."""
    assert_equivalent(MyAdam, "torch.optim.AdamW")
    assert_equivalent(MyAdam, "adamw", varying=["lr"])


def test_it_decays_the_parameter_and_not_the_gradient() -> None:
    """Adam does the other, and only without decay are the two the same."""
    verdict = assert_different(MyAdam, "torch.optim.Adam")
    assert "equal when weight_decay = 0" in verdict.conditions
