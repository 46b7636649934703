"""Looking at any signer from outside."""
