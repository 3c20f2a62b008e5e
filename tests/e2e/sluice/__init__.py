"""The `sluice` command from outside: what was promised of each sub-command, tried on the real program."""
