"""The keys that can sign: where they come from, and where imported ones are kept."""
