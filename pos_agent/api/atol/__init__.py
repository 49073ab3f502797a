"""The requests of ATOL's web server ("Web Requests", driver 10), as far as this agent's register can do them."""
