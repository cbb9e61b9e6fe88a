"""The threads that run in every worker process beside its tasks, started and stopped with it."""
