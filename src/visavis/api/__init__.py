"""The HTTP service: one package per resource: endpoints (thin), schemas, service (rules), repository (queries).

`kit` holds what they share. May import the database, jobs and the call's ports; a resource reaches another one only
through its service, never through its repository.
"""
