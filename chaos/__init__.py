"""`python -m chaos`: all that can die, freeze or lie does, and then the books are audited."""
