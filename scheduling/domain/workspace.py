"""What administrators decide for a whole workspace."""

from pydantic import BaseModel, ConfigDict


class WorkspaceChoices(BaseModel):
    """What administrators decide for everybody. The card shows neither address nor description unless they say so."""

    model_config = ConfigDict(frozen=True)

    announce_channel: str | None = None
    card_shows_description: bool = False
    card_shows_address: bool = False
