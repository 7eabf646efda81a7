"""Drawing one face from a bundle and a pose: lips, mouth, eyes, head.

May import numpy, OpenCV and the bundle. Knows nothing of time, speech or who decides the pose.
"""

from visavis.replica.render.mesh import MeshRenderer

__all__ = ["MeshRenderer"]
