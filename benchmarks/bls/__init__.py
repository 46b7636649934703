"""BLS libraries side by side: each in a process of its own, asked by lines of JSON."""
