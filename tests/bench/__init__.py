"""`scripts/bench`: what the product costs and how fast it is, in one run on one machine.

It starts the product as scripts/up does and speaks to it from outside: HTTP, SQL, and the kernel's own accounts.
"""
