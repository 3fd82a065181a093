"""Words for what went wrong, in at most the 200 signs that Slack gives an alert."""

from bot.crossing import TooLate
from bot.words import listed
from scheduling.errors import DraftGone, NoticeError, SlotTaken

GONE = "This form is over: it was already scheduled or has expired. Close it and start again with /schedule-for."


def words_for(error: Exception, button: str) -> str:
    """What happened, and which button to press."""
    press = button if button.endswith("again") else f"{button} again"
    if isinstance(error, DraftGone):
        return GONE
    if isinstance(error, SlotTaken):
        who = f" ({listed(error.who)})" if error.who else ""
        return f"That time has just been taken{who}. Choose another time."
    if isinstance(error, TooLate):
        return f"This took too long. Everything you typed is kept. Press {press}."
    if isinstance(error, NoticeError):
        return f"Slack did not answer. Everything you typed is kept. Press {press}."
    return f"Something went wrong on our side. Everything you typed is kept. Press {press}."
