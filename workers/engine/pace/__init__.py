"""How fast each sender may go, over all workers."""
