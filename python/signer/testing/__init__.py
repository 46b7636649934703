"""The test's side: `Signer`, and what a test does with one."""
