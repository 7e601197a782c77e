"""How quick and how small the ledger is, beside the raw driver and beside its peers, in one run.

`floors` do the same by the raw driver, `peers` by other means, `ours` by this library; `measures` let them take turns.
`fill`, with `town` and `people`, makes the big ledger whose lists are read; `page` writes what was reached.
"""
