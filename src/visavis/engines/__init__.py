"""Engines by name: voice activity, end of turn, speech to text, text to speech, language models.

One folder per vendor or library; each exports `ENGINE` (see `registry.EngineSpec`) and implements a port of
`ports`. Nothing here may import HTTP, WebRTC or the database, and nothing outside a folder knows its vendor.
"""
