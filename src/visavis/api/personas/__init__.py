"""Personas (also called PALs): how a replica behaves, whole documents with layers, JSON Patch and masked secrets."""
