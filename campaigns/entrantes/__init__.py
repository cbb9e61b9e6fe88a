"""What clients write back: which shop it is for, what they want, and the pages that show it."""
