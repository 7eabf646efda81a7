"""The realtime engine: the life of one call, from the first participant to the transcript.

Knows ports of engines and faces, the wire protocol and the media tracks. Knows no HTTP resource and no table: what
must be kept goes through `ports.CallRecord`, which the API's services implement.
"""
