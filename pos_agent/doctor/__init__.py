"""Looks at a till and says what is wrong with it: facts are gathered at the edge, checks are pure functions of them."""
