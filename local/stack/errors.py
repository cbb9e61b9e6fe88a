"""What the stack cannot do, said in words for the person at the terminal."""


class StackError(Exception):
    """One clear line about what is wrong and what to do; printed without a traceback."""


class Interrupted(Exception):
    """Someone asked the stack to stop (Ctrl-C, SIGTERM, SIGHUP) before it was finished."""
