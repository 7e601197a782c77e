"""The floors: the same rows with the same promises by the raw driver, and nothing else.

Bodies are there beforehand; nothing is decided, nothing encoded. What a floor takes, no library can save.
"""
