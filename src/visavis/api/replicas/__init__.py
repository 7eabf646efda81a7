"""Replicas (also called faces): who may be seen in a call, stock ones and an account's own."""
