"""Simulated ATOL registers: level 3 over serial and TCP, and the web server of driver 10, on one fiscal memory.

Level 3 knows no published command for a marking code: its documents carry no marks. The JSON tasks do.
"""

from hw_sim.atol.making import SimulatedWeb, make, make_json

__all__ = ["SimulatedWeb", "make", "make_json"]
