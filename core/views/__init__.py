"""The pages about people: signing in, the shop's users, one's own account."""
