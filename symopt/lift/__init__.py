"""Update rules out of anyone's code: PyTorch, JAX, Keras, NumPy and C become traces like the catalogue's."""
