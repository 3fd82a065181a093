"""Google Calendar, through Google's own client library. `account.py` is the provider and its system."""
