from symopt.lang.theorem import ClosedForm, ConstantGradient, Expectation, FirstStep, Identity, Impulse, Theorem

THEOREMS = [
    Theorem(
        "adam_along_a_constant_gradient",
        ConstantGradient("adam", of="p", value="p - t*lr*g/(abs(g) + eps)"),
        why="Corrected means of a constant are that constant: every step has the length of the first.",
        source="Kingma & Ba 2015, section 2.1",
    ),
    Theorem(
        "adam_tf_along_a_constant_gradient",
        ConstantGradient("adam_tf", of="p", value="p - t*lr*g/(abs(g) + eps)"),
        claim="fails",
        why="With eps-hat the first steps are shorter.",
    ),
    Theorem(
        "adam_along_a_constant_gradient_moves_by_lr",
        ConstantGradient("adam", of="p", value="p - t*lr*sign(g)"),
        claim="fails",
        why="Only as far as eps is small against the gradient.",
    ),
    Theorem(
        "m_hat_along_a_constant_gradient",
        ConstantGradient("adam", of="m_hat", value="g"),
        why="The correction is exact for a constant gradient.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "amsgrad_along_a_constant_gradient",
        ConstantGradient("amsgrad", of="p", value="p - t*lr*g/(abs(g) + eps)", also={"x": "(1 - beta2**t)*g**2"}),
        why="Without a change of the gradient v grows, so its maximum is v itself.",
    ),
    Theorem(
        "momentum_along_a_constant_gradient",
        ConstantGradient("momentum", of="p", value="p - lr*g/(1 - mu)*(t - mu*(1 - mu**t)/(1 - mu))"),
        why="Momentum speeds up to steps of lr/(1 - mu), and stays behind them by what the start cost.",
    ),
    Theorem(
        "momentum_speeds_up_at_once",
        ConstantGradient("momentum", of="p", value="p - t*lr*g/(1 - mu)"),
        claim="fails",
        why="The full speed is reached in the limit only.",
    ),
    Theorem(
        "lion_along_a_constant_gradient",
        ConstantGradient("lion[weight_decay=0]", of="p", value="p - t*lr*sign(g)"),
        why="Steps of one length.",
    ),
    Theorem(
        "decay_along_a_constant_gradient",
        ConstantGradient("sgdw[mu=0]", of="p", value="(1 - lr*weight_decay)**t*(p + g/weight_decay) - g/weight_decay"),
        why="Decay pulls to the point at which it balances the gradient, -g/weight_decay.",
    ),
    Theorem(
        "impulse_response_of_the_buffer",
        Impulse("momentum", of="b", value="mu**(t - 1)*g"),
        why="A gradient is forgotten geometrically.",
    ),
    Theorem(
        "displacement_after_an_impulse",
        Impulse("momentum", of="p", value="p - lr*g*(1 - mu**t)/(1 - mu)"),
        why="One gradient moves the parameter by lr/(1 - mu) in all.",
    ),
    Theorem(
        "displacement_of_the_heavy_ball_after_an_impulse",
        Impulse(
            "heavy_ball",
            of="p",
            value="p - lr*g*(1 - mu**t)/(1 - mu)",
            also={"p_prev": "p - lr*g*(1 - mu**(t - 1))/(1 - mu)"},
        ),
        why="The same answer with the last parameter in place of a buffer.",
        source="Polyak 1964",
    ),
    Theorem(
        "v_after_an_impulse",
        Impulse("adam", of="v_hat", value="(1 - beta2)*beta2**(t - 1)*g**2/(1 - beta2**t)"),
        why="How long one large gradient makes later steps shorter.",
    ),
    Theorem(
        "a_decay_of_one_over_t_is_the_mean",
        ClosedForm("ewa", of="a", term="g/t", given={"beta": "1 - 1/t"}),
        why="An exponential average whose decay is 1 - 1/t is the running mean.",
    ),
    Theorem(
        "adagrad_sums_squares",
        ClosedForm("adagrad[initial_accumulator=0]", of="h", term="g**2"),
        why="Adagrad never forgets a gradient.",
        source="Duchi, Hazan & Singer 2011, Figure 1",
    ),
    Theorem(
        "first_step_of_adabound_in_full",
        FirstStep(
            "adabound",
            value="p - min(max(lr*sqrt(1 - beta2)/(1 - beta1)/(sqrt(1 - beta2)*abs(g) + eps), "
            "final_lr*gamma/(gamma + 1)), final_lr*(1 + 1/gamma))*(1 - beta1)*g",
        ),
        why="The step size of Adam between the bounds at t = 1, times a momentum that is not corrected.",
    ),
    Theorem(
        "mean_of_m_hat",
        Expectation("adam", of="m_hat", value="E(g)"),
        why="Corrected, the average of gradients is an estimate without bias.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "mean_of_v_hat",
        Expectation("adam", of="v_hat", value="E(g**2)"),
        why="Corrected, the average of squares is an estimate without bias.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "mean_of_m",
        Expectation("adam", of="m", value="(1 - beta1**t)*E(g)"),
        why="Without correction the estimate is too small by this factor.",
        source="Kingma & Ba 2015, equation (4)",
    ),
    Theorem(
        "m_is_no_estimate_without_bias",
        Expectation("adam", of="m", value="E(g)"),
        claim="fails",
        why="The average starts at zero.",
    ),
    Theorem(
        "mean_of_the_sum_of_adagrad",
        Expectation("adagrad", of="h", value="initial_accumulator + t*E(g**2)"),
        why="The sum grows linearly, so steps shrink with the root of t.",
    ),
    Theorem(
        "mean_of_sgd",
        Expectation("sgd", of="p", value="p - t*lr*E(g)"),
        why="Noise in gradients does not move a linear rule on average.",
    ),
    Theorem(
        "mean_of_momentum",
        Expectation("momentum", of="p", value="p - lr*E(g)/(1 - mu)*(t - mu*(1 - mu**t)/(1 - mu))"),
        why="Noise in gradients does not move a linear rule on average.",
    ),
    Theorem(
        "mean_of_adam_is_no_step_along_the_mean",
        Expectation("adam", of="p", value="p - t*lr*E(g)/(E(g) + eps)"),
        claim="fails",
        why="The quotient of two means moves with the noise.",
    ),
    Theorem(
        "length_of_a_step_of_lars",
        Identity(
            "lars[mu=0,weight_decay=0]",
            left="norm(p - old(p))",
            right="lr*trust*norm(old(p))",
            assuming=("norm(g)",),
        ),
        why="A step is a share of the norm of the parameter, whatever the gradient.",
        source="You, Gitman & Ginsburg 2017, section 4",
    ),
    Theorem(
        "length_of_a_step_of_lars_with_decay",
        Identity("lars[mu=0]", left="norm(p - old(p))", right="lr*trust*norm(old(p))", assuming=("norm(g)",)),
        claim="fails",
        why="The norm of the gradient with its decay is not the sum of their norms.",
    ),
    Theorem(
        "length_of_a_step_of_lamb",
        Identity("lamb", left="norm(p - old(p))", right="lr*norm(old(p))", assuming=("norm(old(p))", "norm(u)")),
        why="With decay too, since the direction that is scaled holds it.",
        source="You et al. 2020, Algorithm 2",
    ),
    Theorem(
        "length_of_a_step_of_lamb_from_zero",
        Identity("lamb", left="norm(p - old(p))", right="lr*norm(old(p))"),
        claim="fails",
        why="A parameter of zeros could never move: there the ratio is 1.",
    ),
    Theorem(
        "factors_of_adafactor_have_one_mean",
        Identity("adafactor", left="mean(v)", right="mean(c)", knowing=("mean(v) = mean(c)",)),
        why="Rows and columns average the same squares.",
        source="Shazeer & Stern 2018, section 3",
    ),
    Theorem(
        "rank_one_keeps_the_means_of_rows",
        Identity("adafactor", left="mean(v*c/mean(v), axis=1)", right="v", knowing=("mean(v) = mean(c)",)),
        why="The product of factors has the means of rows of what it stands for.",
        source="Shazeer & Stern 2018, section 3",
    ),
    Theorem(
        "rank_one_keeps_the_means_of_columns",
        Identity("adafactor", left="mean(v*c/mean(v), axis=0)", right="c", knowing=("mean(v) = mean(c)",)),
        why="The product of factors has the means of columns of what it stands for.",
        source="Shazeer & Stern 2018, section 3",
    ),
    Theorem(
        "rank_one_is_exact_for_rank_one",
        Identity(
            "adafactor",
            left="v*c/mean(v)",
            right="q",
            given={"q": "mean(p, axis=1)*mean(g, axis=0)"},
            first=True,
        ),
        why="A column times a row, here of any two matrices, is found again from its means.",
        source="Shazeer & Stern 2018, section 3",
    ),
    Theorem(
        "rank_one_is_not_exact",
        Identity("adafactor", left="v*c/mean(v)", right="q", first=True),
        claim="fails",
        why="Squares of other ranks are not products of their means.",
        source="Shazeer & Stern 2018, section 3",
    ),
    Theorem(
        "newton_schulz_of_muon_at_one",
        Identity("muon", left="x_2", right="1", given={"x_1": "1"}, one_element=True),
        claim="fails",
        why="Its coefficients are steep at zero and do not leave a singular value of 1 where it is.",
        source="Jordan et al. 2024",
    ),
    Theorem(
        "newton_schulz_of_muon_takes_one_to",
        Identity("muon", left="x_2", right="701/1000", given={"x_1": "1"}, one_element=True),
        why="3.4445 - 4.7750 + 2.0315: singular values move about 1 and do not converge to it.",
        source="Jordan et al. 2024",
    ),
    Theorem(
        "correction_is_a_factor",
        Identity("adam", left="m_hat*(1 - beta1**t)", right="m"),
        why="The correction takes the sum of the weights out.",
    ),
]
