class BenchError(Exception):
    """A benchmark could not be run; one line says why."""
