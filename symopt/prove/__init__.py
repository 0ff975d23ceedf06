"""The prover: relations between update rules, with proofs and witnesses."""
