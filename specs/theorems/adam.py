from symopt.lang.theorem import ClosedForm, Compare, FirstStep, Theorem, WeightsSum

THEOREMS = [
    Theorem(
        "m_unrolled",
        ClosedForm("adam", of="m", term="(1 - beta1)*beta1**(t - k)*g"),
        why="m is a sum of all gradients with geometric weights.",
        source="Kingma & Ba 2015, equation (1)",
    ),
    Theorem(
        "weights_of_m",
        WeightsSum("adam", of="m", over="g", total="1 - beta1**t"),
        why="The zero that m starts at takes the weight beta1**t, so the gradients' weights sum to less than 1.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "weights_of_v",
        WeightsSum("adam", of="v", over="g**2", total="1 - beta2**t"),
        why="The same for the squares.",
        source="Kingma & Ba 2015, section 3",
    ),
    Theorem(
        "bias_correction_of_m",
        WeightsSum("adam", of="m_hat", over="g", total="1"),
        why="Dividing by the sum of the weights makes m_hat a weighted mean of the gradients.",
    ),
    Theorem(
        "bias_correction_of_v",
        WeightsSum("adam", of="v_hat", over="g**2", total="1"),
        why="Dividing by the sum of the weights makes v_hat a weighted mean of the squares.",
    ),
    Theorem(
        "first_step_of_adam",
        FirstStep("adam", value="p - lr*g/(abs(g) + eps)"),
        why="Whatever the betas, the first step has length lr wherever the gradient is large against eps.",
    ),
    Theorem(
        "eps_hat_is_a_schedule_of_eps",
        Compare("adam_tf", "adam"),
        claim="equal-if",
        under={"eps": "eps/sqrt(1 - beta2**t)"},
        why="Moving the correction of v out of the root rescales eps at every step.",
        source="Kingma & Ba 2015, the remark before section 2.1",
    ),
    Theorem(
        "eps_is_a_schedule_of_eps_hat",
        Compare("adam", "adam_tf"),
        claim="equal-if",
        under={"eps": "eps*sqrt(1 - beta2**t)"},
        why="The same relation, read from right to left.",
    ),
    Theorem(
        "eps_hat_given_its_schedule",
        Compare("adam", "adam_tf", given={"eps": "eps*sqrt(1 - beta2**t)"}),
        claim="equal",
        why="Under the schedule of eps the two are one rule.",
    ),
    Theorem(
        "adam_without_momentum_and_rmsprop",
        Compare("rmsprop", "adam[beta1=0]"),
        claim="equal-if",
        under={"lr": "lr/sqrt(1 - rho**t)", "eps": "eps/sqrt(1 - rho**t)", "beta2": "rho"},
        why="RMSProp is Adam without momentum and without correction, which a schedule of lr and eps makes up for.",
    ),
    Theorem(
        "bert_has_no_correction",
        Compare("adamw_bert", "adamw"),
        claim="equal-if",
        under={"lr": "lr*(1 - beta1**t)/sqrt(1 - beta2**t)", "eps": "eps/sqrt(1 - beta2**t)"},
        why="Without correction the first steps are too long; only schedules of lr, eps and decay repair that.",
    ),
    Theorem(
        "transformers_with_correction",
        Compare("adamw_transformers", "adamw"),
        claim="equal-if",
        under={
            "lr": "lr*(1 - lr*weight_decay)",
            "eps": "eps/sqrt(1 - beta2**t)",
            "weight_decay": "weight_decay/(1 - lr*weight_decay)",
        },
        why="It places eps outside the correction and decays after the step.",
    ),
    Theorem(
        "transformers_without_decay_is_adam_tf",
        Compare("adamw_transformers[weight_decay=0]", "adam_tf"),
        claim="equal",
        why="Without decay what is left is the form with eps-hat.",
    ),
    Theorem(
        "amsgrad_before_or_after_the_correction",
        Compare("amsgrad", "amsgrad_optax"),
        claim="different",
        why="The maximum of corrected moments is not the corrected maximum.",
    ),
]
