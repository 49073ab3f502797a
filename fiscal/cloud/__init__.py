"""What cloud registers that carry protocol 2.0.3 in JSON have in common: driver, session, messages, recovery by lists.

A service that is reached this way says by itself only how its requests look and what its answers mean; what an answer
makes of an order, and what a lost one leaves to be asked, stands in driver.py and matching.py once.
"""
