"""The `sluice` command: every question about the routes has an answer offline, from the functions of live traffic."""
