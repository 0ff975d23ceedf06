from symopt.lang.theorem import InFloats, RoundingError, Theorem

# The rules of docs/floats.md.
TABLE = [
    "sgd",
    "momentum",
    "heavy_ball",
    "adagrad",
    "adadelta",
    "rmsprop",
    "rmsprop[centered=True]",
    "adam",
    "adam[amsgrad=True]",
    "adamw",
    "adamax",
    "nadam",
    "radam",
    "adabelief",
    "yogi",
    "lion",
    "lamb",
    "adafactor",
]

THEOREMS = [
    Theorem(
        "adam_in_float16_divides_zero_by_zero",
        InFloats("adam", "float16", "denominator is zero"),
        why="eps = 1e-8 is below half of the smallest positive number of float16, so a gradient of zero gives 0/0.",
    ),
    Theorem(
        "adam_in_float32_has_no_zero_denominator",
        InFloats("adam", "float32", "denominator is zero"),
        claim="fails",
        why="The root is not negative and eps stays positive when it is rounded; rounding keeps the order.",
    ),
    Theorem(
        "adam_in_bfloat16_has_no_zero_denominator",
        InFloats("adam", "bfloat16", "denominator is zero"),
        claim="fails",
        why="bfloat16 has few digits, but the exponents of float32.",
    ),
    Theorem(
        "larger_eps_saves_adam_in_float16",
        InFloats("adam[eps=1e-7]", "float16", "denominator is zero"),
        claim="fails",
        why="The smallest positive number of float16 is 6e-8; what is above half of it stays positive.",
    ),
    Theorem(
        "eps_of_adagrad_is_zero_in_float16",
        InFloats("adagrad", "float16", "eps is zero"),
        why="torch's default of 1e-10 does not exist in float16.",
    ),
    Theorem(
        "eps_inside_the_root_is_safe_in_float16",
        InFloats("adadelta", "float16", "denominator is zero"),
        claim="fails",
        why="1e-6 is a subnormal number of float16, and its root an ordinary one.",
    ),
    Theorem(
        "eps_of_adam_vanishes_in_float32",
        InFloats("adam", "float32", "eps vanishes"),
        why="From a root of 1/4 on, eps = 1e-8 is less than half a unit in the last place.",
    ),
    Theorem(
        "centered_rmsprop_in_float32_takes_the_root_of_a_negative_number",
        InFloats("rmsprop[rho=0.9,centered=True]", "float32", "root of a negative number"),
        why="v - a^2 is not negative over the reals; where both have come to rest, rounding makes it negative.",
        source="reported for torch.optim.RMSprop(centered=True), which gives NaN in the same way",
    ),
    Theorem(
        "centered_rmsprop_in_float64_takes_the_root_of_a_negative_number",
        InFloats("rmsprop[rho=0.9,centered=True]", "float64", "root of a negative number"),
        why="More digits do not help: a constant gradient brings v and a^2 to the same number up to rounding.",
    ),
    Theorem(
        "rmsprop_in_float32_takes_no_root_of_a_negative_number",
        InFloats("rmsprop", "float32", "root of a negative number"),
        claim="fails",
        why="Without centering v is a sum of products of numbers that are not negative, rounded one by one.",
    ),
    Theorem(
        "squared_gradients_overflow_in_float16",
        InFloats("adam", "float16", "square overflows"),
        why="From 256 on the square is beyond 65504; v stays infinite, and the parameter stays where it is.",
    ),
    Theorem(
        "gradients_up_to_255_do_not_overflow_in_float16",
        InFloats("adam", "float16", "square overflows", most="255"),
        claim="fails",
        why="255^2 = 65025 is below 65504.",
    ),
    Theorem(
        "squared_gradients_overflow_in_float32",
        InFloats("adam", "float32", "square overflows"),
        why="From 2^64 = 1.8e19 on.",
    ),
    Theorem(
        "squared_gradients_underflow_in_float16",
        InFloats("adam", "float16", "square underflows"),
        why="With (1 - beta2) g^2 rounded to zero the step is m/eps, or infinite where eps is zero too.",
    ),
    Theorem(
        "squared_gradients_underflow_in_float32",
        InFloats("adam", "float32", "square underflows"),
        why="The step of a gradient of 8e-22 is m/eps, and not m over the root of v.",
    ),
    Theorem(
        "second_moments_do_not_fade_in_bfloat16",
        InFloats("adam", "bfloat16", "factor is one"),
        why="beta2 = 0.999 rounds to 1, so v never gets smaller.",
    ),
    Theorem(
        "second_moments_fade_in_float16",
        InFloats("adam", "float16", "factor is one"),
        claim="fails",
        why="0.999 rounds to 0.99902.",
    ),
    Theorem(
        "adagrad_stops_adding_up_in_bfloat16",
        InFloats("adagrad", "bfloat16", "sum stops"),
        why="After 256 gradients of one size the next one is half a unit in the last place.",
    ),
    Theorem(
        "the_step_count_does_not_stop_in_float16",
        InFloats("adam", "float16", "counter stops"),
        claim="fails",
        why="The step is a whole number in the kernels. A count kept in float16 would stop at 2048.",
    ),
    Theorem(
        "corrections_keep_their_digits_in_float32",
        InFloats("adam", "float32", "correction loses digits"),
        claim="fails",
        why="The kernels compute 1 - beta^t in double precision; in float32 the first step would lose eight bits.",
    ),
    Theorem(
        "corrections_lose_digits_in_float64",
        InFloats("adam", "float64", "correction loses digits"),
        why="1 - 0.999 has a relative error of up to a thousand roundings of 0.999.",
    ),
    Theorem(
        "powers_of_the_step_are_zero_at_last",
        InFloats("adam", "float32", "power is zero"),
        why="beta1^t is zero in double precision after seven thousand steps, long after 1 - beta1^t was one.",
    ),
    Theorem(
        "adam_stands_still_at_one_in_bfloat16",
        InFloats("adam", "bfloat16", "update is lost"),
        why="A step of 1e-3 is less than half the way from 1 to the next smaller number, 1 - 2^-8.",
    ),
    Theorem(
        "adafactor_in_float32_divides_zero_by_zero",
        InFloats("adafactor", "float32", "denominator is zero"),
        why="Without a gradient v and c are eps1 = 1e-30, and their product, which comes before the quotient, is zero.",
    ),
    Theorem(
        "decoupled_decay_does_not_save_a_lost_update",
        InFloats("adamw", "bfloat16", "update is lost"),
        why="The factor 1 - lr*weight_decay = 0.99999 rounds to one, and the step is lost beside the parameter.",
    ),
    Theorem(
        "lion_divides_by_nothing",
        InFloats("lion", "bfloat16", "denominator is zero"),
        claim="fails",
        why="The step is a sign.",
    ),
    Theorem(
        "a_float32_step_with_momentum_is_off_by_four_ten_millionths",
        RoundingError(
            "momentum",
            "float32",
            of="p",
            bound="3.94e-7",
            within={"mu": ("0.5", "0.99"), "lr": ("0", "0.1"), "g": ("-1", "1"), "b": ("-10", "10"), "p": ("-4", "4")},
        ),
        why="Three quarters of it are the last subtraction, half a unit in the last place of 5.",
    ),
    Theorem(
        "a_float32_step_with_momentum_can_be_off_by_a_ten_millionth",
        RoundingError(
            "momentum",
            "float32",
            of="p",
            bound="1e-7",
            within={"mu": ("0.5", "0.99"), "lr": ("0", "0.1"), "g": ("-1", "1"), "b": ("-10", "10"), "p": ("-4", "4")},
        ),
        claim="fails",
        why="Half a unit in the last place of a parameter near 4 is more.",
    ),
    Theorem(
        "the_direction_of_rmsprop_keeps_its_digits_in_float32",
        RoundingError(
            "rmsprop",
            "float32",
            of="u",
            bound="2.7e-7",
            relative=True,
            within={"g": ("1e-3", "1"), "v": ("1e-6", "1")},
        ),
        why="No digits cancel: four and a half roundings, of which the root halves three.",
    ),
]
