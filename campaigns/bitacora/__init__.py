"""What happened to each campaign, and who did it: written in the same transaction as the move it tells of."""
