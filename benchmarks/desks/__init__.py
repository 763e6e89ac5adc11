"""``make bench-desks``: the pages and the offers of tasks over a database as large as they come."""
