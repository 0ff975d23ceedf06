from symopt.lang.theorem import Compare, FirstStep, Theorem

THEOREMS = [
    Theorem(
        "rmsprop_eps_inside_or_outside",
        Compare("rmsprop", "rmsprop_tf[v0=0]"),
        claim="different",
        why="The root of a sum is not the sum of roots, and no eps repairs that for all gradients.",
    ),
    Theorem(
        "adagrad_eps_inside_or_outside",
        Compare("adagrad", "adagrad_eps_in"),
        claim="different",
        why="As for RMSProp; the accumulators also start at different values.",
    ),
    Theorem(
        "first_step_of_rmsprop",
        FirstStep("rmsprop", value="p - lr*g/(sqrt(1 - rho)*abs(g) + eps)"),
        why="Without correction the first step is longer by 1/sqrt(1 - rho).",
    ),
]
