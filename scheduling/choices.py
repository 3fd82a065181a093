"""What administrators decided for a whole workspace, out of its row."""

from scheduling.domain import WorkspaceChoices
from scheduling.store import Session, workspaces


def choices_of(tx: Session, team_id: str) -> WorkspaceChoices:
    """The workspace's choices, within a transaction."""
    stored = workspaces.get(tx, team_id)
    choices = WorkspaceChoices.model_validate(dict(stored.settings))
    return choices.model_copy(update={"announce_channel": stored.announce_channel})
