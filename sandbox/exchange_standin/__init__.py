"""A stateful stand-in for an Exchange server, as far as a calendar needs one: EWS, Autodiscover, Basic and NTLM.

It keeps mailboxes, room lists and items in memory, delivers invitations to mailboxes it has, lets rooms accept or
decline, and misbehaves on request (`faults.py`). Its answers are valid against Microsoft's published schemas. It has no
recurring items, no attachments, no folders but the calendar.
"""

from sandbox.exchange_standin.faults import Fault
from sandbox.exchange_standin.mailboxes import Directory, Item, Mailbox, Sent
from sandbox.exchange_standin.server import ExchangeStandin

__all__ = ["Directory", "ExchangeStandin", "Fault", "Item", "Mailbox", "Sent"]
