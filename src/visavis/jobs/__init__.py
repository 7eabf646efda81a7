"""Durable background work on DBOS Transact: webhooks now, training and generation later.

May import the database, settings and the guarded client. Knows no HTTP resource: a resource writes what has to be done
into a table, in the transaction that made it necessary, and wakes the runner.
"""
