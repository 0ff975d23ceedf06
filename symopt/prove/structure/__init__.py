"""The structure of one rule: degrees and units, equivariance, responses, limits, identities between its values."""
