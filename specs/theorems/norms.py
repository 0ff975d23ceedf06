from symopt.lang.theorem import ClosedForm, Compare, Theorem, WeightsSum

THEOREMS = [
    Theorem(
        "lamb_without_decay_is_that_of_keras",
        Compare("lamb[weight_decay=0]", "lamb_keras"),
        claim="equal",
        why="Paper and Keras differ in the decay alone.",
    ),
    Theorem(
        "lamb_decays_inside_or_outside_the_ratio",
        Compare("lamb", "lamb_keras[decay=True]"),
        claim="different",
        why="The paper scales direction and decay together to the norm of the parameter; Keras decays before.",
    ),
    Theorem(
        "bias_correction_of_lamb",
        WeightsSum("lamb", of="m_hat", over="g", total="1"),
        why="As in Adam: the ratio of norms acts after the averages.",
    ),
    Theorem(
        "no_decay_inside_v_of_lamb",
        ClosedForm("lamb", of="v", term="(1 - beta2)*beta2**(t - k)*g**2"),
        why="The averages of LAMB see the gradient alone.",
    ),
    Theorem(
        "lars_by_one_norm_or_two",
        Compare("lars_simclr[mu=0]", "lars_outside[mu=0]"),
        claim="different",
        why="The norm of the gradient with its decay is not the sum of their norms.",
    ),
    Theorem(
        "lars_inside_or_outside_under_a_schedule",
        Compare("lars_simclr[weight_decay=0]", "lars_outside[weight_decay=0]", varying=("lr",)),
        claim="different",
        why="With lr outside the momentum another lr rescales all past steps too.",
    ),
    Theorem(
        "fromage_with_a_least_norm",
        Compare("fromage", "fromage_official"),
        claim="different",
        why="A least norm replaces the branch for norms that are zero, and acts near zero too.",
    ),
    Theorem(
        "adafactor_of_optax_with_the_cap_of_the_paper",
        Compare("adafactor", "adafactor_optax[weight_decay=0]", given={"lr": "min(lr, 1/sqrt(t))"}),
        claim="equal",
        why="optax leaves the relative step size to a schedule; with that of the paper it is the paper's rule.",
    ),
    Theorem(
        "adafactor_eps_added_or_a_bound",
        Compare("adafactor[decay=True]", "adafactor_torch"),
        claim="different",
        why="torch bounds the averages where the paper adds to the squares, and measures p before its decay.",
    ),
    Theorem(
        "muon_scales",
        Compare("muon", "muon[match_rms=True]"),
        claim="equal-if",
        under={"lr": "5*lr/sqrt(cols)"},
        why="The two adjustments depend on the shape in different ways; a factor of lr makes up for that.",
    ),
]
