"""Pages that belong to no other package: signing in, the account, the users; and what every page uses."""
