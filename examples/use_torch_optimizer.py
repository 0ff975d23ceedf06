"""AdamW in PyTorch: copy generated/torch/adamw.py beside your program; it needs PyTorch and nothing else."""

import sys
from pathlib import Path

import torch

sys.path.insert(0, str(Path(__file__).parent.parent / "generated" / "torch"))  # not needed beside the file
from adamw import AdamW

torch.manual_seed(0)
inputs, weights = torch.randn(200, 3), torch.tensor([1.0, -2.0, 0.5])
targets = inputs @ weights

model = torch.nn.Linear(3, 1, bias=False)
optimizer = AdamW(model.parameters(), lr=0.02, weight_decay=0.0)
for _ in range(1000):
    optimizer.zero_grad()
    loss = torch.nn.functional.mse_loss(model(inputs).squeeze(-1), targets)
    loss.backward()
    optimizer.step()

print("found", [round(x, 3) for x in model.weight.flatten().tolist()], "with loss below 1e-6:", loss.item() < 1e-6)
