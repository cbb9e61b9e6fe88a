"""What runs in every worker process beside its tasks, started and stopped with it."""
