from symopt.specs.rmsprop_tf import RMSPropTF

from symopt.lang import Hyper, NonNegative, Positive


class RMSPropTF1(RMSPropTF, name="rmsprop_tf1"):  # type: ignore[call-arg,misc]  # mypy sees specs as top-level files
    """RMSProp as TensorFlow 1 has it: the moving average of squares starts at one."""

    source = "tf.compat.v1.train.RMSPropOptimizer 1.15"

    eps = Hyper(1e-10, r"\epsilon", Positive)
    v0 = Hyper(1, r"v_0", NonNegative)
