from symopt.lang.theorem import Contracts, Displacement, Fastest, RestsWhere, Stable, SteadyStep, Theorem

BELOW_ONE = ("mu < 1",)
POLYAK = {"lr": "4/(sqrt(L) + sqrt(m))**2", "mu": "((sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m)))**2"}
NESTEROV = {"lr": "1/L", "mu": "(sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m))"}
TRIPLE = {
    "lr": "(2 - sqrt(m/L))/L",
    "beta": "(1 - sqrt(m/L))**2/(1 + sqrt(m/L))",
    "gamma": "(1 - sqrt(m/L))**2/((1 + sqrt(m/L))*(2 - sqrt(m/L)))",
}

THEOREMS = [
    Theorem(
        "gradient_descent_is_stable_below_two",
        Stable("sgd", region="0 < lr*h < 2"),
        why="The error is multiplied by 1 - lr*h in every step.",
    ),
    Theorem(
        "gradient_descent_is_not_stable_at_any_step_size",
        Stable("sgd", region="0 < lr*h < 3"),
        claim="fails",
        why="Beyond lr*h = 2 every step overshoots by more than the last error.",
    ),
    Theorem(
        "heavy_ball_is_stable_below_two_plus_two_mu",
        Stable("heavy_ball", region="0 < lr*h < 2*(1 + mu)", given=BELOW_ONE),
        why="Momentum widens the region: the heavy ball may take almost twice the step of gradient descent.",
        source="Polyak 1964, section 3",
    ),
    Theorem(
        "heavy_ball_needs_momentum_below_one",
        Stable("heavy_ball", region="mu < 1 and 0 < lr*h < 2*(1 + mu)"),
        why="The product of the two eigenvalues is mu.",
    ),
    Theorem(
        "heavy_ball_is_not_stable_with_momentum_above_one",
        Stable("heavy_ball", region="0 < lr*h < 2*(1 + mu)"),
        claim="fails",
        why="The bound on lr*h alone does not do: with mu > 1 the velocity grows by itself.",
    ),
    Theorem(
        "heavy_ball_is_stable_where_gradient_descent_is_not",
        Stable("heavy_ball", region="0 < lr*h < 2", given=BELOW_ONE),
        claim="fails",
        why="The region of gradient descent is too small for the heavy ball.",
    ),
    Theorem(
        "buffer_is_stable_where_the_heavy_ball_is",
        Stable("sgd[momentum=True]", region="0 < lr*h < 2*(1 + mu)", given=BELOW_ONE),
        why="Stability is about what a rule does and not about the states it keeps.",
    ),
    Theorem(
        "nesterov_is_stable_on_a_narrower_range",
        Stable("nag", region="0 < lr*h < 2*(1 + mu)/(1 + 2*mu)", given=BELOW_ONE),
        why="The look-ahead lowers the bound on lr*h from 4 to 4/3 as mu goes to 1.",
        source="Nesterov 2004, section 2.2; Lessard, Recht & Packard 2016, section 4",
    ),
    Theorem(
        "nesterov_is_not_as_stable_as_the_heavy_ball",
        Stable("nag", region="0 < lr*h < 2*(1 + mu)", given=BELOW_ONE),
        claim="fails",
        why="A step that the heavy ball survives makes Nesterov's method diverge.",
    ),
    Theorem(
        "nesterov_in_the_shifted_variable_is_as_stable",
        Stable("sgd[momentum=True,nesterov=True]", region="0 < lr*h < 2*(1 + mu)/(1 + 2*mu)", given=BELOW_ONE),
        why="The point of the gradient and the parameter before it are one rule in two variables.",
    ),
    Theorem(
        "averaged_gradients_allow_larger_steps",
        Stable("momentum_ema", region="0 < lr*h < 2*(1 + mu)/(1 - mu)"),
        why="The average weighs a gradient by 1 - mu, so lr may be larger by that factor.",
    ),
    Theorem(
        "averaged_gradients_are_not_the_heavy_ball_in_stability",
        Stable("momentum_ema", region="0 < lr*h < 2*(1 + mu)"),
        claim="fails",
        why="The bound of the heavy ball holds for lr*(1 - mu).",
    ),
    Theorem(
        "primal_averaging_is_stable_with_a_share_below_two",
        Stable("primal_averaging", region="0 < share and 0 < lr*h and share*(2 + lr*h) < 4"),
        why="With share = 1 - mu and lr*share for lr this is the region of the heavy ball, also for negative mu.",
    ),
    Theorem(
        "decay_beside_momentum_adds_to_the_curvature",
        Stable(
            "sgdw",
            region="0 < lr*(h + weight_decay*(1 - mu)) and lr*h < (1 + mu)*(2 - lr*weight_decay)"
            " and -1 < mu*(1 - lr*weight_decay) < 1",
        ),
        why="Decoupled decay changes the product of the eigenvalues as well as their sum.",
    ),
    Theorem(
        "gradient_descent_at_its_best_step_size",
        Fastest("sgd", rate="(L - m)/(L + m)", given={"lr": "2/(L + m)"}),
        why="The two ends of the spectrum contract equally fast, and another step size slows one of them down.",
        source="Nesterov 2004, theorem 2.1.15",
    ),
    Theorem(
        "gradient_descent_at_the_safe_step_size",
        Contracts("sgd", rate="1 - m/L", given={"lr": "1/L"}),
        why="With lr = 1/L the flattest direction is the slowest.",
    ),
    Theorem(
        "gradient_descent_at_the_safe_step_size_is_not_the_best",
        Fastest("sgd", rate="1 - m/L", given={"lr": "1/L"}),
        claim="fails",
        why="Steps up to twice as long are stable, and somewhat longer ones are faster.",
    ),
    Theorem(
        "gradient_descent_at_the_safe_step_size_is_slower",
        Contracts("sgd", rate="(L - m)/(L + m)", given={"lr": "1/L"}),
        claim="fails",
        why="The flattest direction contracts by 1 - m/L only.",
    ),
    Theorem(
        "heavy_ball_at_polyaks_parameters",
        Fastest("heavy_ball", rate="(sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m))", given=POLYAK),
        why="On all curvatures the discriminant is at most zero and both eigenvalues have the modulus sqrt(mu).",
        source="Polyak 1964, theorem 9",
    ),
    Theorem(
        "heavy_ball_is_faster_than_gradient_descent",
        Contracts("heavy_ball", rate="(L - m)/(L + m)", given=POLYAK),
        claim="fails",
        why="The best rate of gradient descent is never reached: the heavy ball has the root of the condition number.",
    ),
    Theorem(
        "heavy_ball_without_momentum_is_not_the_best",
        Fastest("heavy_ball", rate="(L - m)/(L + m)", given={"lr": "2/(L + m)", "mu": "0"}),
        claim="fails",
        why="A little momentum makes it faster.",
    ),
    Theorem(
        "nesterov_is_not_tuned_to_quadratics",
        Fastest("nag", rate="1 - sqrt(m/L)", given=NESTEROV),
        claim="fails",
        why="Its parameters are those for all strongly convex functions; on quadratics others are faster.",
        source="Lessard, Recht & Packard 2016, proposition 1",
    ),
    Theorem(
        "nesterov_at_its_parameters",
        Contracts("nag", rate="1 - sqrt(m/L)", given=NESTEROV),
        why="On quadratics the slowest curvature is m, where both eigenvalues are 1 - sqrt(m/L).",
        source="Lessard, Recht & Packard 2016, proposition 1",
    ),
    Theorem(
        "nesterov_does_not_reach_polyaks_rate",
        Contracts("nag", rate="(sqrt(L) - sqrt(m))/(sqrt(L) + sqrt(m))", given=NESTEROV),
        claim="fails",
        why="1 - sqrt(m/L) is larger.",
    ),
    Theorem(
        "triple_momentum_at_its_parameters",
        Contracts("triple_momentum", rate="1 - sqrt(m/L)", given=TRIPLE),
        why="Triple momentum has this rate on all strongly convex functions; quadratics reach it at both ends.",
        source="Van Scoy, Freeman & Lynch 2018, theorem 1",
    ),
    Theorem(
        "heavy_ball_moves_by_lr_over_one_minus_mu",
        Displacement("heavy_ball", total="-lr/(1 - mu)", given=BELOW_ONE),
        why="A gradient goes on acting through the velocity: mu = 9/10 makes ten times lr of it.",
    ),
    Theorem(
        "heavy_ball_does_not_move_by_lr_alone",
        Displacement("heavy_ball", total="-lr", given=BELOW_ONE),
        claim="fails",
        why="That is the first of the steps that a gradient causes.",
    ),
    Theorem(
        "heavy_ball_moves_for_ever_with_momentum_one",
        Displacement("heavy_ball", total="-lr/(1 - mu)"),
        claim="fails",
        why="With mu >= 1 the velocity does not fade.",
    ),
    Theorem(
        "nesterov_moves_as_far_as_the_heavy_ball",
        Displacement("nag", total="-lr/(1 - mu)", given=BELOW_ONE),
        why="The look-ahead changes when the gradient acts, not how much.",
    ),
    Theorem(
        "averaged_gradients_move_by_lr",
        Displacement("momentum_ema", total="-lr"),
        why="The weights of an average sum to one.",
    ),
    Theorem(
        "quasi_hyperbolic_momentum_moves_by_lr",
        Displacement("qhm", total="-lr"),
        why="So does an average of the gradient and its average, whatever nu is.",
    ),
    Theorem(
        "dampening_spares_the_first_gradient",
        Displacement("sgd[momentum=True,dampening=True]", total="-lr*(1 - tau)/(1 - mu)", given=BELOW_ONE),
        claim="fails",
        why="PyTorch's buffer starts with the first gradient undampened, which moves the parameter by lr/(1 - mu).",
    ),
    Theorem(
        "steady_step_of_dampened_momentum",
        SteadyStep("sgd[momentum=True,dampening=True]", step="-lr*(1 - tau)/(1 - mu)", given=BELOW_ONE),
        why="Under a constant gradient the first one is forgotten.",
    ),
    Theorem(
        "steady_step_of_the_heavy_ball",
        SteadyStep("heavy_ball", step="-lr/(1 - mu)", given=BELOW_ONE),
        why="The terminal velocity: momentum multiplies the learning rate by 1/(1 - mu).",
    ),
    Theorem(
        "steady_step_of_averaged_gradients",
        SteadyStep("momentum_ema", step="-lr/(1 - mu)"),
        claim="fails",
        why="The average of a constant gradient is the gradient.",
    ),
    Theorem(
        "gradient_descent_rests_at_stationary_points",
        RestsWhere("sgd", gradient="0"),
        why="Nothing but the gradient moves it.",
    ),
    Theorem(
        "nesterov_rests_at_stationary_points",
        RestsWhere("nag", gradient="0"),
        why="At rest the look-ahead point is the parameter.",
    ),
    Theorem(
        "l2_moves_the_stationary_points",
        RestsWhere("sgd[l2=True,momentum=True]", gradient="-weight_decay*p"),
        why="It minimises the loss with weight_decay/2*p**2 added, whatever lr and mu are.",
        source="Loshchilov & Hutter 2019, section 2",
    ),
    Theorem(
        "decay_beside_momentum_is_weaker_than_l2",
        RestsWhere("sgdw", gradient="-weight_decay*(1 - mu)*p"),
        why="The buffer magnifies the gradient by 1/(1 - mu) and not the decay, so the penalty depends on mu.",
    ),
    Theorem(
        "decay_beside_momentum_does_not_rest_where_l2_does",
        RestsWhere("sgdw", gradient="-weight_decay*p"),
        claim="fails",
        why="Only without momentum do the two minimise the same.",
    ),
]
