"""Answers to what clients write: by a person, from saved texts, or by themselves. Each is a campaign of one."""
