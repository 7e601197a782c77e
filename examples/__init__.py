"""Small services that mount stampledger; each is run by a test."""
