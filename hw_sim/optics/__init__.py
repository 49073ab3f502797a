"""What a camera sees: codes drawn by encoders of our own, printed and photographed badly, from a seed.

A reader is judged by frames it had no part in making, so nothing here imports a reader's library: only numpy
and OpenCV.
"""
