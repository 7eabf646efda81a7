"""Accounts: who owns personas, replicas, conversations and keys."""
