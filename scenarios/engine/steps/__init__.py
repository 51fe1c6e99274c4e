"""How each type of step is carried out; `table` says by which function."""
