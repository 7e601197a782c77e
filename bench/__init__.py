"""How quick and how small the ledger is, beside the raw driver and beside eventsourcing, in one run."""
