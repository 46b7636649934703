"""A test's operations on a running signer: its records, faults and keys. Knows no HTTP."""
