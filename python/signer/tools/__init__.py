"""Looking at any signer from outside: whether it is right, how fast it is, what it did."""
