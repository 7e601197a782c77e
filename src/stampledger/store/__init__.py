"""The store: schema, reading, writing, search, and the proof that all of it is right."""
