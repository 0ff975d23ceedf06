from symopt.lang.theorem import Compare, Theorem

THEOREMS = [
    Theorem(
        "dual_averaging_is_gradient_descent",
        Compare("specs/defects/dual_averaging.py", "sgd"),
        claim="equal",
        when=("lr is the same at every step",),
        why="The parameter is its first value less lr times the sum of all gradients, which is kept.",
        source="Nesterov 2009; Xiao 2010, Algorithm 1",
    ),
    Theorem(
        "dual_averaging_under_a_schedule",
        Compare("specs/defects/dual_averaging.py", "sgd", varying=("lr",)),
        claim="different",
        why="A new lr rescales all past gradients too.",
        source="Xiao 2010, Algorithm 1",
    ),
    Theorem(
        "dampening_from_a_start",
        Compare("specs/defects/sgd_dampened_from_a_start.py", "sgd[momentum=True,dampening=True]"),
        claim="equal",
        why="A buffer that starts at tau/mu times the first gradient makes the first step undampened, as PyTorch's is.",
        source="ml-explore/mlx#473",
    ),
    Theorem(
        "momenta_counted_twice",
        Compare("specs/defects/nadam_momentum_counted_twice.py", "nadam"),
        claim="different",
        why="The product of momenta holds the present one already.",
        source="pytorch/pytorch#92699",
    ),
]
