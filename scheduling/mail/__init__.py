"""Mail: letters rendered from a booking, iTIP calendar parts, MIME, and the way out by SMTP.

Knows no Slack, no tables and no outbox: a letter is a value, sending is one call that ends in nothing or a MailError.
"""
