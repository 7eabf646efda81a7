"""Mouths: from phonemes with times, or from the sound itself, to a track of articulator vectors.

May import numpy and the pose; knows nothing of pictures, queues or engines.
"""

from .audio import articulate_audio
from .ipa import Sound, sounds
from .targets import TARGETS, VISEMES, Viseme
from .track import TRACK_RATE, articulate

__all__ = ["TARGETS", "TRACK_RATE", "VISEMES", "Sound", "Viseme", "articulate", "articulate_audio", "sounds"]
