"""Vis-à-vis: a self-hosted Conversational Video Interface.

The HTTP surface lives in `api`, the realtime engine in `conversation`, vendors and libraries behind ports in
`engines`, faces in `replica`. Dependencies point one way; `pyproject.toml` holds the import contracts.
"""

__version__ = "0.1.0"
