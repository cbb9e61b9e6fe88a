"""Tasks on their way to the workers: how many, of which Lotes, and which of them were lost."""
