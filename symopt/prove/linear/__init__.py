"""Linear rules with constant coefficients: state space, transfer functions, equality in all branches, stability."""
