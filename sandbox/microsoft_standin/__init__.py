"""A stand-in for Microsoft's identity platform and Graph's calendar: stateful, on loopback, for trying out and tests.

identity   sign-in page, codes, tokens, refusals in Microsoft's shape
directory  people, rooms, mailboxes and the events in them
events     what Graph says about an event, and what happens to one
graph_api  the HTTP surface of Graph
troubles   what goes wrong on demand, and what was asked and answered
server     all of it as a running server
"""

from sandbox.microsoft_standin.server import MicrosoftStandIn

__all__ = ["MicrosoftStandIn"]
