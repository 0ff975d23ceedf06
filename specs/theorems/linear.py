from symopt.lang.theorem import EqualWhere, Theorem

NESTEROV = "sgd[momentum=True,nesterov=True]"
LINNAEUS = "Zhao, Lessard & Udell 2021, where linear rules are compared by their transfer functions"

THEOREMS = [
    # Gradient descent within the others.
    Theorem(
        "heavy_ball_without_momentum_only",
        EqualWhere("heavy_ball", "sgd", ("mu = 0",)),
        why="A pole at mu that no zero cancels: only mu = 0 leaves gradient descent.",
        source=LINNAEUS,
    ),
    Theorem(
        "gradient_descent_is_a_heavy_ball_without_momentum",
        EqualWhere("sgd", "heavy_ball", ("always: mu = 0",)),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "nesterov_without_momentum_only",
        EqualWhere("nag", "sgd", ("mu = 0",)),
        why="The zero at mu/(1 + mu) does not reach the pole at mu.",
        source=LINNAEUS,
    ),
    Theorem(
        "gradient_descent_is_nesterov_without_momentum",
        EqualWhere("sgd", "nag", ("always: mu = 0",)),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "quasi_hyperbolic_momentum_is_gradient_descent_in_two_ways",
        EqualWhere("qhm", "sgd", ("nu = 0", "mu = 0")),
        why="Without a share of the average, or with an average of one gradient.",
        source=LINNAEUS,
    ),
    Theorem(
        "gradient_descent_is_quasi_hyperbolic_in_two_ways",
        EqualWhere("sgd", "qhm", ("always: nu = 0", "always: mu = 0")),
        why="Where one of the two is zero the other may be anything.",
        source=LINNAEUS,
    ),
    Theorem(
        "unified_momentum_is_gradient_descent_in_two_ways",
        EqualWhere("sum_momentum", "sgd", ("mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu)")),
        why="At sigma = 1/(1 - mu) a zero cancels the pole: the two sequences are one and the step is lr/(1 - mu).",
        source=LINNAEUS,
    ),
    Theorem(
        "unified_momentum_is_gradient_descent_not_only_without_momentum",
        EqualWhere("sum_momentum", "sgd", ("mu = 0",)),
        claim="fails",
        why="The branch in which a pole cancels a zero is missing.",
        source=LINNAEUS,
    ),
    Theorem(
        "triple_momentum_is_gradient_descent_in_one_way",
        EqualWhere(
            "triple_momentum",
            "sgd",
            ("gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta)",),
            points=("gamma = beta/(1 - beta): lr = lr/(1 - beta)",),
        ),
        why="One family, which contains beta = gamma = delta = 0: a zero cancels the pole at beta.",
        source=LINNAEUS,
    ),
    Theorem(
        "gradient_descent_is_triple_momentum_without_momentum",
        EqualWhere(
            "sgd",
            "triple_momentum",
            ("always: beta = 0, gamma = 0, delta = 0",),
            points=("always: beta = 0, gamma = 0",),
        ),
        why="With the same lr nothing else does; delta is no part of the point of the gradient.",
        source=LINNAEUS,
    ),
    Theorem(
        "optimism_without_extrapolation_only",
        EqualWhere("ogd", "sgd", ("beta = 0: lr = alpha*lr",)),
        why="The extrapolation is a pole at zero of its own.",
        source=LINNAEUS,
    ),
    # Heavy ball and Nesterov.
    Theorem(
        "heavy_ball_and_nesterov_meet_without_momentum",
        EqualWhere("heavy_ball", "nag", ("mu = 0",)),
        why="Same poles, different zeros.",
        source=LINNAEUS,
    ),
    Theorem(
        "nesterov_and_the_heavy_ball_meet_without_momentum",
        EqualWhere("nag", "heavy_ball", ("mu = 0",)),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "nesterov_asks_where_the_buffer_does",
        EqualWhere("nag", NESTEROV, ("mu = 0",), points=("always",)),
        why="One sequence of query points, two sequences of parameters: the frameworks keep the look-ahead point.",
        source="Sutskever et al. 2013, section 2",
    ),
    Theorem(
        "the_buffer_asks_where_nesterov_does",
        EqualWhere(NESTEROV, "nag", ("mu = 0",), points=("always",)),
        why="The same, read from right to left.",
        source="Sutskever et al. 2013, section 2",
    ),
    Theorem(
        "nesterov_and_the_buffer_have_the_same_parameters",
        EqualWhere("nag", NESTEROV, ("always",)),
        claim="fails",
        why="Only the points of the gradients are the same.",
    ),
    Theorem(
        "polyaks_form_is_the_velocity",
        EqualWhere("heavy_ball", "momentum_velocity", ("always",)),
        why="The velocity is the last displacement.",
    ),
    Theorem(
        "averaged_gradients_in_one_branch",
        EqualWhere("momentum_ema", "heavy_ball", ("always: lr = lr*(1 - mu)",)),
        why="There is no other map than the one of lr.",
        source=LINNAEUS,
    ),
    Theorem(
        "averaged_gradients_with_the_same_lr",
        EqualWhere("momentum_ema", "heavy_ball", ("always",)),
        claim="fails",
        why="With the same lr the average moves 1 - mu times as far.",
    ),
    # Quasi-hyperbolic momentum.
    Theorem(
        "quasi_hyperbolic_momentum_is_the_heavy_ball_at_one",
        EqualWhere("qhm", "heavy_ball", ("nu = 1: lr = lr*(1 - mu)", "nu = 0: mu = 0", "mu = 0")),
        why="nu = 1 beside the two ways to be gradient descent.",
        source="Ma & Yarats 2019, section 4",
    ),
    Theorem(
        "the_heavy_ball_is_quasi_hyperbolic_at_one",
        EqualWhere("heavy_ball", "qhm", ("always: lr = lr/(1 - mu), nu = 1", "mu = 0")),
        why="The same, read from right to left.",
        source="Ma & Yarats 2019, section 4",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_asks_where_nesterov_does",
        EqualWhere("qhm", "nag", ("nu = 0: mu = 0", "mu = 0"), points=("nu = mu: lr = lr*(1 - mu)",)),
        why="nu = mu gives the gradient the share of Nesterov's look-ahead.",
        source="Ma & Yarats 2019, section 4",
    ),
    Theorem(
        "nesterov_asks_where_quasi_hyperbolic_momentum_does",
        EqualWhere("nag", "qhm", ("mu = 0",), points=("always: lr = lr/(1 - mu), nu = mu",)),
        why="The same, read from right to left.",
        source="Ma & Yarats 2019, section 4",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_is_the_nesterov_of_frameworks",
        EqualWhere("qhm", NESTEROV, ("nu = mu: lr = lr*(1 - mu)", "nu = 0: mu = 0", "mu = 0")),
        why="In the shifted variable the parameters are the same too.",
        source="Ma & Yarats 2019, section 4",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_is_nesterov_without_momentum_only",
        EqualWhere("qhm", NESTEROV, ("nu = 0: mu = 0", "mu = 0")),
        claim="fails",
        why="The branch nu = mu is missing.",
        source=LINNAEUS,
    ),
    # Unified momentum.
    Theorem(
        "unified_momentum_is_the_heavy_ball_at_zero",
        EqualWhere(
            "sum_momentum", "heavy_ball", ("sigma = 0", "mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu), mu = 0")
        ),
        why="sigma = 0 beside the two ways to be gradient descent.",
        source="Yan et al. 2018, section 3",
    ),
    Theorem(
        "the_heavy_ball_is_unified_momentum_at_zero",
        EqualWhere("heavy_ball", "sum_momentum", ("always: sigma = 0", "mu = 0")),
        why="The same, read from right to left.",
        source="Yan et al. 2018, section 3",
    ),
    Theorem(
        "unified_momentum_asks_where_nesterov_does_at_one",
        EqualWhere(
            "sum_momentum", "nag", ("mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu), mu = 0"), points=("sigma = 1",)
        ),
        why="sigma = 1 beside the two ways to be gradient descent.",
        source="Yan et al. 2018, section 3",
    ),
    Theorem(
        "nesterov_asks_where_unified_momentum_does_at_one",
        EqualWhere("nag", "sum_momentum", ("mu = 0",), points=("always: sigma = 1",)),
        why="The same, read from right to left.",
        source="Yan et al. 2018, section 3",
    ),
    Theorem(
        "unified_momentum_is_the_nesterov_of_frameworks_at_one",
        EqualWhere("sum_momentum", NESTEROV, ("sigma = 1", "mu = 0", "sigma = 1/(1 - mu): lr = lr/(1 - mu), mu = 0")),
        why="In the shifted variable the parameters are the same too.",
        source="Yan et al. 2018, section 3",
    ),
    Theorem(
        "unified_and_quasi_hyperbolic_momentum",
        EqualWhere(
            "sum_momentum",
            "qhm",
            (
                "always: lr = lr/(1 - mu), nu = 1 - sigma*(1 - mu)",
                "mu = 0",
                "sigma = 1/(1 - mu): lr = lr/(1 - mu), mu = 0",
            ),
        ),
        why="nu = 1 - sigma (1 - mu); where sigma is larger than 1/(1 - mu) there is none, since nu is not negative.",
        source=LINNAEUS,
    ),
    Theorem(
        "quasi_hyperbolic_and_unified_momentum",
        EqualWhere(
            "qhm",
            "sum_momentum",
            ("always: lr = lr*(1 - mu), sigma = (1 - nu)/(1 - mu)", "nu = 0: mu = 0", "mu = 0"),
        ),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    # Triple momentum.
    Theorem(
        "triple_momentum_is_the_heavy_ball_at_zero",
        EqualWhere(
            "triple_momentum",
            "heavy_ball",
            (
                "gamma = 0, delta = 0: mu = beta",
                "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
            ),
            points=("gamma = 0: mu = beta", "gamma = beta/(1 - beta): lr = lr/(1 - beta), mu = 0"),
        ),
        why="gamma = 0 moves the gradient to the parameter; the other branch is gradient descent.",
        source=LINNAEUS,
    ),
    Theorem(
        "triple_momentum_is_nesterov_at_beta",
        EqualWhere(
            "triple_momentum",
            "nag",
            (
                "gamma = beta, delta = 0: mu = beta",
                "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
            ),
            points=("gamma = beta: mu = beta", "gamma = beta/(1 - beta): lr = lr/(1 - beta), mu = 0"),
        ),
        why="gamma = beta moves the gradient to Nesterov's point.",
        source=LINNAEUS,
    ),
    Theorem(
        "the_heavy_ball_is_triple_momentum_at_zero",
        EqualWhere(
            "heavy_ball",
            "triple_momentum",
            ("always: beta = mu, gamma = 0, delta = 0",),
            points=("always: beta = mu, gamma = 0",),
        ),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "nesterov_is_triple_momentum_at_beta",
        EqualWhere(
            "nag",
            "triple_momentum",
            ("always: beta = mu, gamma = mu, delta = 0",),
            points=("always: beta = mu, gamma = mu",),
        ),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "triple_and_quasi_hyperbolic_momentum",
        EqualWhere(
            "qhm",
            "triple_momentum",
            (
                "always: lr = lr*(1 - mu), beta = mu, gamma = mu*(1 - nu)/(1 - mu), delta = mu*(1 - nu)/(1 - mu)",
                "nu = 0: beta = 0, gamma = 0, delta = 0",
            ),
            points=(
                "always: lr = lr*(1 - mu), beta = mu, gamma = mu*(1 - nu)/(1 - mu)",
                "nu = 0: beta = 0, gamma = 0",
            ),
        ),
        why="Quasi-hyperbolic momentum returns the point that it asks at, so delta = gamma.",
        source=LINNAEUS,
    ),
    Theorem(
        "triple_and_unified_momentum",
        EqualWhere(
            "sum_momentum",
            "triple_momentum",
            ("always: beta = mu, gamma = mu*sigma, delta = mu*sigma",),
            points=("always: beta = mu, gamma = mu*sigma",),
        ),
        why="gamma = beta s; unified momentum returns the point that it asks at too.",
        source=LINNAEUS,
    ),
    Theorem(
        "unified_and_triple_momentum",
        EqualWhere(
            "triple_momentum",
            "sum_momentum",
            (
                "delta = gamma: mu = beta, sigma = gamma/beta",
                "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
            ),
            points=(
                "always: mu = beta, sigma = gamma/beta",
                "gamma = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
            ),
        ),
        why="The same, read from right to left; the other branch is gradient descent.",
        source=LINNAEUS,
    ),
    Theorem(
        "quasi_hyperbolic_and_triple_momentum",
        EqualWhere(
            "triple_momentum",
            "qhm",
            (
                "delta = gamma: lr = lr/(1 - beta), mu = beta, nu = (beta*gamma + beta - gamma)/beta",
                "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
                "gamma = beta/(1 - beta), delta = beta/(1 - beta): lr = lr/(1 - beta), nu = 0",
            ),
            points=(
                "always: lr = lr/(1 - beta), mu = beta, nu = (beta*gamma + beta - gamma)/beta",
                "gamma = beta/(1 - beta): lr = lr/(1 - beta), mu = 0",
                "gamma = beta/(1 - beta): lr = lr/(1 - beta), nu = 0",
            ),
        ),
        why="The same, read from right to left; the other branches are gradient descent.",
        source=LINNAEUS,
    ),
    # Averages of iterates, decay, dampening, the first step.
    Theorem(
        "primal_averaging_in_one_branch",
        EqualWhere("primal_averaging", "heavy_ball", ("always: lr = lr*share, mu = 1 - share",)),
        why="The pole of the average is at 1 - share.",
        source="Defazio 2020",
    ),
    Theorem(
        "the_heavy_ball_as_primal_averaging_in_one_branch",
        EqualWhere("heavy_ball", "primal_averaging", ("always: lr = lr/(1 - mu), share = 1 - mu",)),
        why="The same, read from right to left.",
        source="Defazio 2020",
    ),
    Theorem(
        "dampened_momentum_is_an_average_nowhere_but_undampened",
        EqualWhere("sgd[momentum=True,dampening=True]", "momentum_ema", ("tau = 0: lr = lr/(1 - mu)",)),
        why="tau = mu would be an average if the buffer did not start with the whole first gradient.",
    ),
    Theorem(
        "dampened_momentum_at_tau_mu_is_an_average",
        EqualWhere("sgd[momentum=True,dampening=True]", "momentum_ema", ("tau = 0: lr = lr/(1 - mu)", "tau = mu")),
        claim="fails",
        why="The first step is 1/(1 - mu) times as long.",
    ),
    Theorem(
        "decoupled_decay_and_l2_meet_without_momentum_or_decay",
        EqualWhere("sgdw", "sgd[l2=True,momentum=True]", ("mu = 0", "weight_decay = 0")),
        why="With momentum the decay of L2 goes through the buffer; no other values make up for it.",
        source="Loshchilov & Hutter 2019, proposition 1",
    ),
    Theorem(
        "lookahead_of_one_step",
        EqualWhere("lookahead[period=1]", "sgd", ("always: lr = alpha*lr",)),
        why="With a period of one the slow copy is the parameter.",
    ),
    Theorem(
        "lookahead_of_one_step_keeps_the_step_size",
        EqualWhere("lookahead[period=1]", "sgd", ("always",)),
        claim="fails",
        why="It goes only alpha of the way.",
    ),
    Theorem(
        "optimism_is_no_momentum",
        EqualWhere("ogd", "heavy_ball", ("beta = 0: lr = alpha*lr, mu = 0",)),
        why="The last gradient is taken back and not added.",
    ),
    Theorem(
        "optimism_is_triple_momentum",
        EqualWhere(
            "omd",
            "triple_momentum",
            ("always: beta = 0, gamma = 1, delta = 1",),
            points=("always: beta = 0, gamma = 1",),
        ),
        why="Two gradients less the last one: the point leads by the whole last displacement, which has no momentum.",
        source=LINNAEUS,
    ),
    Theorem(
        "triple_momentum_is_optimism",
        EqualWhere("triple_momentum", "omd", ("beta = 0, gamma = 1, delta = 1",), points=("beta = 0, gamma = 1",)),
        why="The same, read from right to left.",
        source=LINNAEUS,
    ),
    Theorem(
        "optimism_of_optax_starts_in_another_way",
        EqualWhere("ogd", "omd"),
        why="With alpha = beta = 1 all steps but the first are the same: optax takes the first gradient for the last.",
    ),
    Theorem(
        "optimism_of_optax_is_optimistic_mirror_descent",
        EqualWhere("ogd", "omd", ("alpha = 1, beta = 1",)),
        claim="fails",
        why="The first step is half as long.",
    ),
]
