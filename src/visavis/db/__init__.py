"""Tables, sessions and migrations: what the server keeps, on SQLite or PostgreSQL.

May import SQLAlchemy and settings only. Knows nothing of HTTP, calls, engines or faces; rules live in `visavis.api`.
"""
