"""The keys that can sign: loading, importing and deleting them, with their histories."""
