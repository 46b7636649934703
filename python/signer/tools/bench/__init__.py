"""How fast signers are: a generator of load, and signers side by side, in turns in one run."""
