"""Step functions that compute with NumPy."""
