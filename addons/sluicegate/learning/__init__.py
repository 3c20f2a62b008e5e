"""What an API turns out to be: endpoints, schemas and figures, learned from its traffic."""
