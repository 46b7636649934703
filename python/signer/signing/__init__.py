"""From the JSON body of a sign request to its signing root, and from the root to a signature."""
