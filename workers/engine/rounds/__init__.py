"""The rounds that some worker makes every few seconds, no matter which."""
