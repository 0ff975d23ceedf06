from symopt.lang.theorem import Theorem, Units

THEOREMS = [
    Theorem(
        "units_of_sgd",
        Units("sgd", {"lr": "P**2/L"}),
        why="lr has a unit: its right size changes with the scales of both the parameter and the loss.",
        source="Zeiler 2012, section 3.2",
    ),
    Theorem(
        "units_of_adam",
        Units("adam", {"lr": "P", "eps": "L/P", "m": "L/P", "v": "L**2/P**2"}),
        why="lr is a length in parameter space; eps is a gradient, so its right size follows the loss.",
    ),
    Theorem(
        "lr_of_adam_is_no_plain_number",
        Units("adam", {"lr": "1"}),
        claim="fails",
        why="A step of Adam has the unit of lr, and p has one.",
    ),
    Theorem(
        "units_of_decay_beside_the_gradient",
        Units("adam_l2", {"weight_decay": "L/P**2"}),
        why="L2 regularisation is part of the loss, and its factor is a curvature.",
    ),
    Theorem(
        "units_of_decoupled_decay",
        Units("adamw", {"weight_decay": "1/P"}),
        why="It is multiplied by lr, which is a length: the decay of torch depends on the unit of the parameter.",
    ),
    Theorem(
        "units_of_adadelta",
        Units("adadelta", {"lr": "P**2/L", "eps": "L**2/P**2", "a": "L**2/P**2"}),
        why="One eps under both roots gives the steps the unit of a gradient, and lr has to make up for that.",
    ),
    Theorem(
        "steps_of_adadelta_in_the_units_of_the_parameter",
        Units("adadelta", {"lr": "1"}),
        claim="fails",
        why="The claim of its paper is true of the quotient of the two means, and lost by the eps that both share.",
        source="Zeiler 2012, section 3.2",
    ),
    Theorem(
        "units_of_adagrad_with_eps_beside_the_root",
        Units("adagrad", {"eps": "L/P"}),
        why="Beside the root eps is a gradient.",
    ),
    Theorem(
        "units_of_adagrad_with_eps_inside_the_root",
        Units("adagrad_eps_in", {"eps": "L**2/P**2"}),
        why="Inside the root eps is the square of a gradient, so the same number means another thing.",
    ),
    Theorem(
        "units_of_lion",
        Units("lion", {"lr": "P", "m": "L/P"}),
        why="A sign has no unit, so lr is the length of a step.",
    ),
    Theorem(
        "units_of_muon",
        Units("muon", {"lr": "P", "eps": "L/P", "weight_decay": "1/P"}),
        why="An orthogonal matrix has no unit.",
    ),
    Theorem(
        "units_of_shampoo",
        Units("shampoo", {"lr": "P", "eps": "L**2/P**2"}),
        why="Two inverse fourth roots of squares of gradients: the unit of Adam.",
    ),
    Theorem(
        "units_of_adafactor",
        Units("adafactor", {"lr": "1", "eps1": "L**2/P**2", "eps2": "P"}),
        why="Relative step sizes make lr a plain number.",
        source="Shazeer & Stern 2018, section 8",
    ),
    Theorem(
        "units_of_sophia",
        Units("sophia", {"lr": "1", "rho": "P"}),
        why="A quotient of gradient and curvature is a length: lr is a plain number, and so is the decay.",
    ),
    Theorem(
        "units_of_adabound",
        Units("adabound", {"lr": "P", "final_lr": "P**2/L"}),
        why="The bounds are those of plain momentum: the two step sizes have different units.",
    ),
    Theorem(
        "units_of_prodigy",
        Units("prodigy", {"p0": "P", "r": "L*P"}),
        why="What it estimates is a distance.",
    ),
    Theorem(
        "units_of_madgrad",
        Units("madgrad", {"lr": "P**2/sqrt(L)", "eps": "sqrt(L)"}),
        why="lr weighs the sums under the cube root, so it has half a power of the loss.",
    ),
    Theorem(
        "radam_adds_unlike_units",
        Units("radam"),
        claim="fails",
        why="Steps with and without the denominator share one lr: the first ones depend on the scale of the loss.",
        source="Liu et al. 2020, Algorithm 2",
    ),
    Theorem(
        "yogi_adds_unlike_units",
        Units("yogi"),
        claim="fails",
        why="v starts at a number that is also the eps beside the root.",
    ),
    Theorem(
        "adabelief_adds_unlike_units",
        Units("adabelief"),
        claim="fails",
        why="One eps is added inside and beside the root; optax has two.",
        source="Zhuang et al. 2020, Algorithm 2",
    ),
    Theorem(
        "adabelief_of_optax_adds_like_units",
        Units("adabelief_optax", {"eps": "L/P", "eps_root": "L**2/P**2"}),
        why="With an eps of its own inside the root the units fit.",
    ),
    Theorem(
        "adafactor_of_torch_adds_unlike_units",
        Units("adafactor_torch"),
        claim="fails",
        why="The bound of a mean square is a square of what elsewhere is added to a square.",
    ),
    Theorem(
        "lamb_adds_unlike_units",
        Units("lamb"),
        claim="fails",
        why="Where a norm is zero the ratio is a plain number, elsewhere it is a length.",
    ),
    Theorem(
        "diffgrad_adds_unlike_units",
        Units("diffgrad"),
        claim="fails",
        why="A difference of gradients inside an exponential function.",
    ),
    Theorem(
        "fromage_of_optax_adds_unlike_units",
        Units("fromage"),
        claim="fails",
        why="One least norm bounds the norms of the parameter and of the gradient.",
    ),
]
