"""The life of the tables: made, checked, and brought from the format of one release to that of the next."""
