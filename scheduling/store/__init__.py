"""What scheduling remembers: one relational database, SQLite or PostgreSQL.

`Store` runs functions in transactions; the modules beside it are queries named by noun that take the session first and
the tenant next. Rows never leave; Slack, mail and calendars are unknown here, and nothing calls the network.
"""

from sqlmodel import Session

from scheduling.store.engine import Store, StoreUnfit

__all__ = ["Session", "Store", "StoreUnfit"]
