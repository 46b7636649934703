"""Another signer behind this one: its keys, its signatures, and whether they are right."""
