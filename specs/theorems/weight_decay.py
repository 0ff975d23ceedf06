from symopt.lang.theorem import ClosedForm, Compare, Theorem

THEOREMS = [
    Theorem(
        "adam_l2_is_not_adamw",
        Compare("adam_l2", "adamw"),
        claim="different",
        when=("equal when weight_decay = 0",),
        why="The decay that enters the gradient is divided by the root of v; the decoupled one is not.",
        source="Loshchilov & Hutter 2019, Proposition 2",
    ),
    Theorem(
        "adam_l2_without_decay_is_adam",
        Compare("adam_l2[weight_decay=0]", "adam"),
        claim="equal",
        why="At weight_decay = 0 the two ways to decay are the same rule.",
    ),
    Theorem(
        "sgd_l2_is_decoupled_decay",
        Compare("sgd[l2=True]", "sgdw[mu=0]"),
        claim="equal",
        why="Plain gradient descent divides by nothing, so L2 and decoupled decay are one rule.",
        source="Loshchilov & Hutter 2019, Proposition 1, with lr times the decay",
    ),
    Theorem(
        "sgd_l2_with_momentum_is_not_decoupled",
        Compare("sgd[l2=True,momentum=True]", "sgdw"),
        claim="different",
        when=("equal when mu = 0", "equal when weight_decay = 0"),
        why="With momentum the L2 term is remembered by the buffer, the decoupled one is not.",
    ),
    Theorem(
        "l2_inside_m",
        ClosedForm("adam_l2", of="m", term="(1 - beta1)*beta1**(t - k)*(g + weight_decay*p)"),
        why="L2 adds weight_decay times an average of the old parameters to m, not of the last one alone.",
    ),
    Theorem(
        "l2_inside_v",
        ClosedForm("adam_l2", of="v", term="(1 - beta2)*beta2**(t - k)*(g + weight_decay*p)**2"),
        why="v averages the square of g + weight_decay*p, so large parameters raise v and lower their own decay.",
    ),
    Theorem(
        "no_decay_inside_m_of_adamw",
        ClosedForm("adamw", of="m", term="(1 - beta1)*beta1**(t - k)*g"),
        why="In AdamW the averages see the gradient alone.",
    ),
    Theorem(
        "adamw_is_the_published_one_rescaled",
        Compare("adamw", "adamw_paper"),
        claim="equal-if",
        under={"weight_decay": "lr*weight_decay", "eta": "1"},
        why="The paper's decay is not multiplied by lr; PyTorch's is.",
        source="Loshchilov & Hutter 2019, Algorithm 2",
    ),
    Theorem(
        "decay_after_the_step_is_another_rule",
        Compare("adamw_transformers[correct_bias=False]", "adamw_bert"),
        claim="equal-if",
        under={"lr": "lr*(1 - lr*weight_decay)", "weight_decay": "weight_decay/(1 - lr*weight_decay)"},
        why="Decay taken after the step also shrinks the step; another lr and another decay repair that.",
    ),
    Theorem(
        "sgd_l2_is_decoupled_decay_under_a_schedule",
        Compare("sgd[l2=True]", "sgdw[mu=0]", varying=("lr",)),
        claim="equal",
        why="Without momentum nothing is remembered, so a new lr acts on both in the same way.",
    ),
    Theorem(
        "decay_without_lr_follows_a_schedule",
        Compare("adamw", "adamw_paper", varying=("lr",)),
        claim="equal-if",
        under={"weight_decay": "lr*weight_decay", "eta": "1"},
        why="Where lr varies, a decay that is not multiplied by lr must vary with it: a constant one is another rule.",
        source="Loshchilov & Hutter 2019, Algorithm 2",
    ),
    Theorem(
        "published_adamw_is_the_rescaled_one",
        Compare("adamw_paper", "adamw"),
        claim="equal-if",
        under={"lr": "eta*lr", "weight_decay": "weight_decay/lr"},
        why="The same relation, read from right to left; without a learning rate there is no such decay.",
    ),
    Theorem(
        "two_spellings_of_l2_in_adam",
        Compare("adam_l2", "adam[l2=True]"),
        claim="equal",
        why="Half the squared norm in the loss is weight_decay times the parameter in the gradient.",
    ),
]
