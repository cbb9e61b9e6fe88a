"""Tags and segments: how a shop groups its clients."""
