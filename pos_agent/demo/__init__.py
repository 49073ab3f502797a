"""The demonstration: a small shop, its register, its traceability system and its headquarters, all simulated.

And simulated registers run by hand, one at a time (register_*.py, `pos-agent sim fiscal`). The only package of the
product that starts hw_sim.
"""
