"""EIP-3076: what keys have signed, and what is slashable next to it."""
