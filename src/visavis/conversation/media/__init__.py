"""From a face's frames to packets on the wire: encoders, prepared loops, the stage that paces both, and tracks.

Times are counted in samples and frames, never read from the wall clock; the wall clock only paces the sending.
"""
