from symopt.lang.theorem import ClosedForm, Compare, Theorem

THEOREMS = [
    Theorem(
        "velocity_is_the_heavy_ball",
        Compare("momentum_velocity", "heavy_ball"),
        claim="equal",
        why="The velocity is the last displacement: w = p - p_prev.",
    ),
    Theorem(
        "ema_is_the_heavy_ball_rescaled",
        Compare("momentum_ema", "heavy_ball"),
        claim="equal-if",
        under={"lr": "lr*(1 - mu)"},
        why="An average weighs each gradient by 1 - mu, which lr has to make up for.",
    ),
    Theorem(
        "heavy_ball_is_the_ema_rescaled",
        Compare("heavy_ball", "momentum_ema"),
        claim="equal-if",
        under={"lr": "lr/(1 - mu)"},
        why="The same relation, read from right to left.",
    ),
    Theorem(
        "ema_is_the_velocity_rescaled",
        Compare("momentum_ema", "momentum_velocity"),
        claim="equal-if",
        under={"lr": "lr*(1 - mu)"},
        why="The third side of the triangle of momentum forms.",
    ),
    Theorem(
        "buffer_is_the_velocity",
        Compare("sgd[momentum=True]", "momentum_velocity"),
        claim="equal",
        when=("lr is the same at every step",),
        why="w = -lr b: PyTorch's buffer and Keras's velocity are one rule while lr does not change.",
    ),
    Theorem(
        "buffer_is_not_the_velocity_under_a_schedule",
        Compare("sgd[momentum=True]", "momentum_velocity", varying=("lr",)),
        claim="different",
        why="With another lr at the next step the buffer is rescaled and the velocity is not.",
    ),
    Theorem(
        "polyak_is_the_heavy_ball",
        Compare("polyak", "heavy_ball"),
        claim="equal",
        why="Two names of one rule.",
    ),
    Theorem(
        "nesterov_in_the_shifted_variable",
        Compare("sgd[momentum=True,nesterov=True]", "momentum_velocity[nesterov=True]"),
        claim="equal",
        when=("lr is the same at every step",),
        why="PyTorch's and Keras's Nesterov are one rule, again by w = -lr b.",
    ),
    Theorem(
        "nesterov_is_not_momentum",
        Compare("nag", "heavy_ball"),
        claim="different",
        when=("equal when mu = 0",),
        why="The gradient is asked for at the look-ahead point.",
    ),
    Theorem(
        "nesterov_of_two_sequences_and_of_one",
        Compare("nag", "sgd[momentum=True,nesterov=True]"),
        claim="different",
        when=(
            "equal where the parameter of the left is read at the point of its gradient, mu*(p - p_prev) + p",
            "equal when mu = 0",
        ),
        why="PyTorch and Keras keep the look-ahead point, Nesterov keeps the point before it: two variables, one rule.",
        source="Sutskever et al. 2013, section 2",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_holds_the_heavy_ball",
        Compare("heavy_ball", "qhm"),
        claim="equal-if",
        under={"lr": "lr/(1 - mu)", "nu": "1"},
        why="At nu = 1 quasi-hyperbolic momentum is the averaged form.",
        source="Ma & Yarats 2019",
    ),
    Theorem(
        "ema_unrolled",
        ClosedForm("momentum_ema", of="m", term="(1 - mu)*mu**(t - k)*g"),
        why="Momentum is a geometrically weighted sum of the gradients so far.",
    ),
]
