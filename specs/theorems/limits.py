from symopt.lang.theorem import Limit, TendsTo, Theorem

THEOREMS = [
    Theorem(
        "adam_without_memory_and_eps_is_signsgd",
        Limit("adam[beta1=0,beta2=0]", of="p", when="eps -> 0", value="old(p) - lr*sign(g)"),
        why="Without averages the gradient is divided by its own absolute value; where it is zero, nothing moves.",
        source="Bernstein et al. 2018, section 1; Balles & Hennig 2018",
    ),
    Theorem(
        "eps_hat_and_eps_in_late_steps",
        Limit("adam_tf", of="(p - old(p))/(beside(p) - old(p))", when="t -> oo", value="1", beside="adam"),
        why="The correction of v tends to 1, so it does not matter for long on which side of it eps stands.",
        source="Kingma & Ba 2015, the remark before section 2.1",
    ),
    Theorem(
        "correction_fades",
        Limit("adam", of="m_hat/m", when="t -> oo", value="1"),
        why="Without correction Adam differs in its first steps only.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "bert_and_torch_in_late_steps",
        Limit("adamw_bert", of="p - beside(p)", when="t -> oo", value="0", beside="adamw"),
        why="The BERT form has no correction, which fades in the other.",
    ),
    Theorem(
        "adam_with_a_large_eps_stands_still",
        Limit("adam", of="p", when="eps -> oo", value="old(p)"),
        why="eps damps every step.",
    ),
    Theorem(
        "adam_with_a_large_eps_is_momentum",
        Limit("adam", of="eps*(p - old(p))", when="eps -> oo", value="-lr*m_hat"),
        why="Where eps outweighs the root, Adam is momentum with the step size lr/eps.",
        source="Choi et al. 2019, section 3",
    ),
    Theorem(
        "adam_with_a_large_eps_is_not_plain_momentum",
        Limit("adam", of="eps*(p - old(p))", when="eps -> oo", value="-lr*m"),
        claim="fails",
        why="The correction of m stays.",
    ),
    Theorem(
        "adam_without_eps",
        Limit("adam", of="p", when="eps -> 0", value="old(p) - lr*m_hat/sqrt(v_hat)"),
        why="As long as some gradient was not zero, eps may be left out.",
    ),
    Theorem(
        "lower_bound_of_adabound",
        Limit("adabound", of="lower", when="t -> oo", value="final_lr"),
        why="Both bounds close in on one step size.",
        source="Luo et al. 2019, section 4",
    ),
    Theorem(
        "upper_bound_of_adabound",
        Limit("adabound", of="upper", when="t -> oo", value="final_lr"),
        why="Both bounds close in on one step size.",
        source="Luo et al. 2019, section 4",
    ),
    Theorem(
        "length_of_the_average_of_radam",
        Limit("radam", of="rho", when="t -> oo", value="2/(1 - beta2) - 1"),
        why="The length of the average grows to that of an exponential mean without a start.",
        source="Liu et al. 2020, section 4.1",
    ),
    Theorem(
        "nadam_without_its_schedule_of_momentum",
        TendsTo("nadam", "nadam_optax[eps_root=0]", when="psi -> oo"),
        why="torch's decay of momentum, made infinitely fast, leaves the rule of optax.",
    ),
    Theorem(
        "nadam_of_keras_has_a_schedule_of_momentum",
        TendsTo("nadam", "nadam_keras", when="psi -> oo"),
        claim="fails",
        why="Keras has the schedule of torch with a decay of 1, which is no limit of it.",
    ),
    Theorem(
        "adamw_with_little_decay",
        TendsTo("adamw", "adam", when="weight_decay -> 0"),
        why="The decay is continuous: with a little of it the parameters are near those without.",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_near_an_average",
        TendsTo("qhm", "momentum_ema", when="nu -> 1"),
        why="nu moves from plain gradients to their average.",
        source="Ma & Yarats 2019, section 3",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_near_sgd",
        TendsTo("qhm", "sgd", when="nu -> 0"),
        why="nu moves from plain gradients to their average.",
        source="Ma & Yarats 2019, section 3",
    ),
    Theorem(
        "eps_inside_the_root_does_not_tend_to_adam",
        TendsTo("adabelief_optax", "adam", when="eps_root -> 0"),
        claim="fails",
        why="Without eps inside the root AdaBelief still measures deviations from the mean.",
    ),
]
