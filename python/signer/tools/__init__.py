"""Tools that look at any signer from outside, such as how fast it is."""
