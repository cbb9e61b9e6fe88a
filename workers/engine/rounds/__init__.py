"""What somebody does every few seconds, no matter who."""
