"""The page of the local workspace: draws what Slack's own client would show, and acts through the same strict core.

`routes.py` is the front door. The browser draws JSON and collects what is typed; every rule is checked in Python.
"""

from sandbox.page.routes import Page

__all__ = ["Page"]
