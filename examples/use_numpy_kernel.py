"""AdamW in NumPy: copy generated/numpy/adamw.py beside your program; it needs NumPy and nothing else."""

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent / "generated" / "numpy"))  # not needed beside the file
import adamw

rng = np.random.default_rng(0)
inputs, weights = rng.standard_normal((200, 3)), np.array([1.0, -2.0, 0.5])
targets = inputs @ weights

p = np.zeros(3)
state = adamw.init(p)
for _ in range(1000):
    gradient = inputs.T @ (inputs @ p - targets) / len(targets)
    adamw.step(p, gradient, state, lr=0.02, weight_decay=0.0)

print("found", np.round(p, 3), "after", state["t"], "steps")
