"""How much silence surrounds a clause: engines leave half a second, which adds up when clauses follow each other."""

from __future__ import annotations

from dataclasses import replace

from visavis.engines.audio import silent_ends
from visavis.engines.ports import Phoneme, SpeechChunk

BEFORE = 0.03
"""Seconds of silence kept before the first sound: each one delays the answer."""

AFTER_SENTENCE = 0.30
AFTER_CLAUSE = 0.12
"""Seconds kept after a full stop, question or exclamation mark; after anything else."""

SENTENCE_MARKS = ".!?。！？"


def paced(chunk: SpeechChunk) -> SpeechChunk:
    """Return `chunk` with no more silence around it than its punctuation asks for, its phonemes moved along."""
    rate = chunk.sample_rate
    before, after = silent_ends(chunk.audio)
    if before == len(chunk.audio):
        return chunk
    kept = AFTER_SENTENCE if chunk.text.rstrip("\"')] ").endswith(tuple(SENTENCE_MARKS)) else AFTER_CLAUSE
    first = max(0, before - int(BEFORE * rate))
    last = len(chunk.audio) - max(0, after - int(kept * rate))
    end = (last - first) / rate
    moved = tuple(
        Phoneme(p.symbol, max(0.0, p.start - first / rate), min(end, p.end - first / rate))
        for p in chunk.phonemes
        if p.end > first / rate and p.start < last / rate
    )
    return replace(chunk, audio=chunk.audio[first:last], phonemes=moved)
