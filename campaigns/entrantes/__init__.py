"""The texts that clients send: which shop each is for, what it asks for, and the pages that show it."""
