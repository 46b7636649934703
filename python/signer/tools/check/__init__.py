"""`signer check`: whether any signer is right. A file of `groups/` is a group of checks."""
