"""What a test may ask of a running signer: its requests, faults, keys. Knows no HTTP."""
