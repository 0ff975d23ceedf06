from symopt.lang.theorem import Invariant, Ordered, Theorem

THEOREMS = [
    Theorem(
        "second_moment_is_not_negative",
        Invariant("adam", of="v >= 0"),
        why="An average of squares, started at zero, never falls below it.",
    ),
    Theorem(
        "second_moment_of_yogi_is_not_negative",
        Invariant("yogi", of="v >= 0"),
        why="What is subtracted is a part of a square that is smaller than what it is subtracted from.",
        source="Zaheer et al. 2018, section 4",
    ),
    Theorem(
        "second_moment_of_adabelief_is_not_negative",
        Invariant("adabelief", of="v >= 0"),
        why="Squared distances from the average are squares too.",
    ),
    Theorem(
        "accumulator_of_adadelta_is_not_negative",
        Invariant("adadelta", of="a >= 0"),
        why="The average of squared steps is an average of squares whatever the steps are.",
    ),
    Theorem(
        "second_moment_of_adam_is_not_positive_at_once",
        Invariant("adam", of="v_new > 0"),
        claim="fails",
        why="As long as every gradient is zero, so is the average of squares: eps alone keeps the step defined.",
    ),
    Theorem(
        "denominator_of_adam_is_positive",
        Invariant("adam", of="sqrt(v_hat) + eps > 0"),
        why="With eps > 0 no step divides by zero; over the reals, since float16 rounds an eps of 1e-8 to zero.",
    ),
    Theorem(
        "variance_of_centered_rmsprop_is_not_negative",
        Invariant("rmsprop[centered=True]", of="v - a**2 >= 0"),
        why="The mean of squares less the square of the mean is a variance where both use the same weights.",
        source="Graves 2013, equations (38)-(45)",
    ),
    Theorem(
        "variance_with_two_decays_may_be_negative",
        Invariant("adam", of="v - m**2 >= 0", given=("beta1 = 1/2", "beta2 = 7/8")),
        claim="fails",
        why="With a faster average of gradients than of squares, the difference is no variance.",
    ),
    Theorem(
        "maximum_of_amsgrad_never_falls",
        Invariant("amsgrad", of="x_new >= x"),
        why="It is the maximum of itself and something else.",
        source="Reddi et al. 2018, Algorithm 2",
    ),
    Theorem(
        "second_moment_of_adam_may_fall",
        Invariant("adam", of="v_new >= v"),
        claim="fails",
        why="An average forgets, and so Adam's step for one gradient may grow.",
        source="Reddi et al. 2018, section 3",
    ),
    Theorem(
        "accumulator_of_adagrad_never_falls",
        Invariant("adagrad", of="h_new >= h"),
        why="Squares are added to it.",
        source="Duchi, Hazan & Singer 2011, Figure 1",
    ),
    Theorem(
        "mean_is_bounded_by_the_gradients",
        Invariant("adam", of="abs(m) <= 1", given=("abs(g) <= 1",)),
        why="An average of numbers in an interval stays in it.",
    ),
    Theorem(
        "square_of_the_mean_is_at_most_the_mean_square",
        Invariant("adam", of="m**2 <= (1 - beta1**t)*v", given=("beta2 = beta1",)),
        why="The inequality of Cauchy and Schwarz for the weights that both averages share.",
    ),
    Theorem(
        "step_of_adam_with_equal_betas_is_at_most_lr",
        Invariant("adam", of="abs(p_new - p) <= lr", given=("beta2 = beta1",)),
        why="With equal weights the mean is at most the root of the mean square, so no element moves further than lr.",
    ),
    Theorem(
        "step_of_adam_may_exceed_lr",
        Invariant("adam", of="abs(p_new - p) <= lr", given=("beta1 = 9/10", "beta2 = 999/1000")),
        claim="fails",
        why="After small gradients a large one counts for more in the mean than in the root of the mean square.",
        source="Kingma & Ba 2015, section 2.1",
    ),
    Theorem(
        "published_bound_on_the_step_of_adam",
        Invariant(
            "adam",
            of="abs(p_new - p) <= lr*(1 - beta1)/sqrt(1 - beta2)",
            given=("beta1 = 9/10", "beta2 = 999/1000"),
        ),
        claim="fails",
        why="Gradients that grow like (beta2/beta1)**t exceed the bound from the 210th step on.",
        source="Kingma & Ba 2015, section 2.1, for (1 - beta1) > sqrt(1 - beta2)",
    ),
    Theorem(
        "step_of_rmsprop_is_bounded",
        Invariant("rmsprop", of="abs(p_new - p) <= lr/sqrt(1 - rho)"),
        why="The newest square alone has the weight 1 - rho in the average.",
    ),
    Theorem(
        "step_of_adagrad_is_at_most_lr",
        Invariant("adagrad", of="abs(p_new - p) <= lr"),
        why="The sum of all squares is at least the newest one.",
    ),
    Theorem(
        "published_bound_on_the_step_of_adamax",
        Invariant("adamax_paper", of="abs(p_new - p) <= lr", given=("beta1 = 9/10", "beta2 = 999/1000")),
        claim="fails",
        why="The maximum forgets a gradient that the mean still holds, so the step exceeds lr by a little.",
        source="Kingma & Ba 2015, section 7.1",
    ),
    Theorem(
        "mean_is_bounded_by_the_decaying_maximum",
        Invariant("adamax", of="abs((beta2 - beta1)*m) <= (1 - beta1)*beta2*u", given=("beta1 < beta2",)),
        why="What does hold of Adamax: the bound lr with a factor near 1, where the maximum forgets more slowly.",
    ),
    Theorem(
        "step_of_lion_has_length_lr_at_most",
        Invariant("lion", of="abs(p_new - p) <= lr", given=("weight_decay = 0",)),
        why="It goes along a sign.",
        source="Chen et al. 2023, Algorithm 2",
    ),
    Theorem(
        "step_of_signum_has_length_lr_at_most",
        Invariant("signum", of="abs(p_new - p) <= lr"),
        why="It goes along a sign.",
        source="Bernstein et al. 2018, Algorithm 2",
    ),
    Theorem(
        "lion_stays_in_a_ball",
        Invariant(
            "lion",
            of="abs(p) <= max(abs(p_0), 1/weight_decay)",
            given=("weight_decay > 0", "lr*weight_decay <= 1"),
        ),
        why="Decay by lr*weight_decay and steps of lr balance at 1/weight_decay.",
        source="Chen et al. 2023, Algorithm 2; Chen et al. 2024, Lion solves a constrained problem",
    ),
    Theorem(
        "lion_leaves_the_ball_where_decay_overshoots",
        Invariant(
            "lion", of="abs(p) <= max(abs(p_0), 1/weight_decay)", given=("weight_decay > 0", "lr*weight_decay <= 3")
        ),
        claim="fails",
        why="With lr*weight_decay > 2 the decay alone enlarges the parameter.",
    ),
    Theorem(
        "adamw_with_equal_betas_stays_in_a_ball",
        Invariant(
            "adamw",
            of="abs(p) <= max(abs(p_0), 1/weight_decay)",
            given=("beta2 = beta1", "weight_decay > 0", "lr*weight_decay <= 1"),
        ),
        why="With equal betas no step without decay is longer than lr, so decay holds AdamW in the same ball as Lion.",
    ),
    Theorem(
        "clipped_step_of_sophia",
        Invariant("sophia", of="abs(p_new - p) <= lr*rho", given=("weight_decay = 0",)),
        why="The direction is clipped at rho in every element.",
        source="Liu et al. 2023, Algorithm 3",
    ),
    Theorem(
        "eps_inside_the_root_is_below_eps_outside",
        Invariant("rmsprop", of="sqrt(v + eps**2) <= sqrt(v) + eps"),
        why="The root of a sum is at most the sum of the roots.",
    ),
    Theorem(
        "eps_outside_the_root_is_within_sqrt_2",
        Invariant("rmsprop", of="sqrt(v) + eps <= sqrt(2)*sqrt(v + eps**2)"),
        why="The two places of eps differ by a factor of sqrt(2) at most.",
    ),
    Theorem(
        "no_eps_inside_the_root_fits_two_values",
        Invariant(
            "rmsprop",
            of="abs(sqrt(1 + inside) - 1 - eps) + abs(sqrt(4 + inside) - 2 - eps) > 0",
            given=("inside >= 0",),
            free=("inside",),
        ),
        why="An eps inside the root that equals eps outside it where v = 1 does not where v = 4.",
    ),
    Theorem(
        "optax_amsgrad_divides_by_more",
        Ordered("amsgrad_optax", "amsgrad", of="left.x_new >= right.v_hat"),
        why="The maximum of corrected moments is at least the corrected maximum, since the correction shrinks.",
    ),
    Theorem(
        "eps_of_adamax_adds_eps_at_most",
        Ordered("adamax", "adamax_paper", of="0 <= left.u - right.u <= eps"),
        why="An eps inside the maximum raises it, and never by more than eps.",
    ),
    Theorem(
        "eps_hat_steps_are_shorter",
        Ordered("adam_tf", "adam", of="abs(left.p_new - left.p) <= abs(right.p_new - right.p)"),
        why="The same eps beside the uncorrected root weighs more.",
        source="Kingma & Ba 2015, the remark before section 2.1",
    ),
    Theorem(
        "second_moment_of_yogi_changes_by_its_share_of_the_square",
        Invariant("yogi", of="abs(v_new - v) <= (1 - beta2)*g**2"),
        why="Yogi moves by the newest square, however far the average is from it.",
        source="Zaheer et al. 2018, section 4",
    ),
    Theorem(
        "amsgrad_steps_are_shorter",
        Ordered("amsgrad", "adam", of="abs(left.p_new - left.p) <= abs(right.p_new - right.p)"),
        why="The largest second moment so far is at least the present one.",
        source="Reddi et al. 2018, Algorithm 2",
    ),
    Theorem(
        "keras_adamax_divides_by_more",
        Ordered("adamax_keras", "adamax", of="left.u_new + eps >= right.u_new"),
        why="An eps added to the maximum counts in full; one added inside it fades with the maximum.",
    ),
    Theorem(
        "tiger_stays_in_a_ball",
        Invariant(
            "tiger",
            of="abs(p) <= max(abs(p_0), 1/weight_decay)",
            given=("weight_decay > 0", "lr*weight_decay <= 1"),
        ),
        why="The argument for Lion needs nothing of the direction but that it is a sign.",
    ),
    Theorem(
        "signum_moves_by_lr_a_step_at_most",
        Invariant("signum", of="abs(p - p_0) <= lr*t"),
        why="After t steps no element is further from the start than t times lr.",
    ),
    Theorem(
        "steps_of_rprop_stay_in_their_range",
        Invariant("rprop", of="step_min <= step_new <= step_max", given=("step_min <= step_max",)),
        why="They are clipped to it after every change.",
        source="Riedmiller & Braun 1993",
    ),
    Theorem(
        "distance_of_dog_never_falls",
        Invariant("dog", of="r_new >= r"),
        why="It is the largest distance from the start so far, so the step size falls only with the gradients' sum.",
        source="Ivgi, Hinder & Carmon 2023, equation (DoG)",
    ),
    Theorem(
        "cautious_step_never_opposes_the_gradient",
        Invariant("cautious[rescale=False]", of="step*g >= 0"),
        why="Elements in which the step and the gradient disagree rest.",
        source="Liang et al. 2024, Algorithm 1",
    ),
    Theorem(
        "step_of_adam_may_oppose_the_gradient",
        Invariant("cautious[rescale=False]", of="d*g >= 0"),
        claim="fails",
        why="Momentum remembers gradients of the other sign; what is cautious about the wrapper is not vacuous.",
    ),
    Theorem(
        "product_of_momenta_of_nadam_is_a_share",
        Invariant("nadam", of="0 <= mu_product <= 1"),
        why="It is a product of numbers between 0 and 1, so that one minus it is a weight.",
        source="Dozat 2016, Algorithm 2",
    ),
    Theorem(
        "momentum_is_bounded_by_the_gradients",
        Invariant("momentum", of="abs(b) <= 1/(1 - mu)", given=("mu < 1", "abs(g) <= 1")),
        why="The buffer is a geometric sum: a momentum of 0.9 makes steps ten times as long as the gradient's.",
    ),
    Theorem(
        "step_of_adadelta_is_in_units_of_the_parameter",
        Invariant("adadelta", of="abs(p_new - p) <= lr*sqrt(a + eps)/sqrt(1 - rho)"),
        why="A step is at most a multiple of the root mean square of earlier steps, whatever the gradients' size.",
        source="Zeiler 2012, section 3.2",
    ),
    Theorem(
        "accumulator_of_ftrl_never_falls",
        Invariant("ftrl", of="n_new >= n"),
        why="Squares are added to it, so that every learning rate of FTRL-Proximal shrinks.",
        source="McMahan et al. 2013, Algorithm 1",
    ),
]
