"""`python -m signer`."""

from .cli import main

main(prog_name="signer")
