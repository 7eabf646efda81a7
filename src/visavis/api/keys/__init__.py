"""API keys: random, shown once, stored as digests, revoked at once."""
