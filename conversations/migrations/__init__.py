"""Steps of the database's layout; see ``README.md`` for the rules."""
