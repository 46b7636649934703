"""EIP-3076: signing histories of keys, messages that are slashable, and equivocations."""
