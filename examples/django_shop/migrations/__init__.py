"""The shop's own tables, as Django migrates them."""
