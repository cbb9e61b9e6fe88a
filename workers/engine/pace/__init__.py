"""The pace of each sender, over all workers."""
