"""What a living face does: breath, blinks, gaze and head while silent, gestures while speaking.

May import numpy, the pose and the visemes. Knows nothing of pictures; everything is a function of seed and time.
"""

from .animator import Animator
from .loops import LOOP_SECONDS, SilentLoops, silent_loops
from .prosody import gestures
from .score import Cue, Score, SpeechOverflowError

__all__ = [
    "LOOP_SECONDS",
    "Animator",
    "Cue",
    "Score",
    "SilentLoops",
    "SpeechOverflowError",
    "gestures",
    "silent_loops",
]
