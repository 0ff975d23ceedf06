"""Running kernels: compiling and loading C, comparing results in units in the last place."""
