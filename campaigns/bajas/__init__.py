"""Opt-outs as people meet them: the link in a message and its page, and the shop's list."""
