"""Putting the agent on a machine: wheels into a folder of their own, releases side by side, the service around them.

All but `bundle` use the standard library alone: they run from inside a wheel, before anything is installed.
"""
