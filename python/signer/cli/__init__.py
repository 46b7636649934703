"""The command line, one file for each command: `signer` and `python -m signer` are the same."""

from .serve import main

__all__ = ["main"]
