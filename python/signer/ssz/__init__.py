"""Simple-serialize: types that read the Beacon API's JSON, and how they are hashed."""
