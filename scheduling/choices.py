"""What administrators decide for a whole workspace."""

from pydantic import BaseModel, ConfigDict

from scheduling.store import Session, workspaces


class WorkspaceChoices(BaseModel):
    """What administrators decide for everybody. The card shows neither address nor description unless they say so."""

    model_config = ConfigDict(frozen=True)

    announce_channel: str | None = None
    card_shows_description: bool = False
    card_shows_address: bool = False


def choices_of(tx: Session, team_id: str) -> WorkspaceChoices:
    """The workspace's choices, within a transaction."""
    stored = workspaces.get(tx, team_id)
    choices = WorkspaceChoices.model_validate(dict(stored.settings))
    return choices.model_copy(update={"announce_channel": stored.announce_channel})
