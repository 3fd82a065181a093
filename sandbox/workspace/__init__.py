"""A strict local stand-in of Slack: speaks its documented protocol to any app; a script or a page plays its people."""

from sandbox.workspace.onlooker import NotOnScreen
from sandbox.workspace.records import Channel, Person, Shortcut, SlackApp, Team
from sandbox.workspace.screens import ScreenText, SeenMessage
from sandbox.workspace.scripted_rep import ScriptedRep
from sandbox.workspace.server import LocalWorkspace
from sandbox.workspace.state import Workspace

__all__ = [
    "Channel",
    "LocalWorkspace",
    "NotOnScreen",
    "Person",
    "ScreenText",
    "ScriptedRep",
    "SeenMessage",
    "Shortcut",
    "SlackApp",
    "Team",
    "Workspace",
]
