"""Faces: bundles on disk, visemes, behaviour, and the renderer that turns them into pictures in time with sound.

May import numpy and OpenCV. Knows nothing of HTTP, WebRTC, the database, or which engine spoke.
"""
