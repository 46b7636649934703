"""EIP-3076: signing histories of keys, and the messages that are slashable next to them."""
