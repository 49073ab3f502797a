"""The demonstration: a small shop, its register, its traceability system and its headquarters, all simulated.

The only package of the product that starts hw_sim.
"""
