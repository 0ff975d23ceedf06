from symopt.lang import Hyper, NonNegative, Rule, State


class TripleMomentum(Rule, name="triple_momentum"):
    """Momentum in three places: in the step, in the point of the gradient and in what is returned."""

    source = "Van Scoy, Freeman & Lynch 2018, their iterates xi, y and x; x is the parameter here"

    # For a condition number of 100, rho = 0.9: rho^2/(2 - rho), rho^2/((1 + rho)(2 - rho)), rho^2/(1 - rho^2).
    lr = Hyper(1e-3, r"\alpha", NonNegative)
    beta = Hyper(0.736, r"\beta", NonNegative)
    gamma = Hyper(0.388, r"\gamma", NonNegative)
    delta = Hyper(4.263, r"\delta", NonNegative)
    xi = State(init="p", tex=r"\xi")
    xi_prev = State(init="p", tex=r"\xi^{\mathrm{prev}}")

    def update(s) -> None:
        s.y = s.xi + s.gamma * (s.xi - s.xi_prev)
        s.g = s.gradient(at=s.y)
        s.d = s.beta * (s.xi - s.xi_prev) - s.lr * s.g
        s.xi_prev = s.xi
        s.xi = s.xi + s.d
        s.p = s.xi + s.delta * s.d
