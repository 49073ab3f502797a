"""Simulated ATOL registers: level 3 over serial and TCP, and the web server of driver 10, on one fiscal memory.

Level 3 takes a marking code as tag 1162 or 1163 of an item (E8h), the JSON tasks as imcParams.
"""

from hw_sim.atol.making import SimulatedWeb, make, make_json

__all__ = ["SimulatedWeb", "make", "make_json"]
