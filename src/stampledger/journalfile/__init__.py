"""The whole Journal as one file, written and read again: to move a ledger, to keep it, to analyse it."""
