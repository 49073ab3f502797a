"""Copies of a till: made while it sells, and put back only where no number can be used twice."""
