"""CalDAV: iCloud and any other server. Raw HTTP and iCalendar; `account.py` is the provider."""
