"""One line per event on stdout, as JSON or for a terminal, with secrets and people's addresses taken out.

Standard library loggers (ours in `scheduling`, Slack's, uvicorn's) and structlog's go the same way.
"""

import hashlib
import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from typing import Any, Literal, TextIO

import structlog

SECRET = re.compile(
    r"""xox[a-z](?:\.xox[a-z])?-[\w-]+ | xapp-[\w-]+ | xoxe-[\w-]+     # Slack's tokens
      | (?<=/connect/)[\w~.-]+                                           # personal links
      | (?i:(?<=bearer\s)|(?<=basic\s))[\w.~+/=-]+                       # authorization headers
      | (?<=://)[^\s/:@]+:[^\s/@]*(?=@)                                  # user:password in addresses
      | gAAAA[\w=-]{20,}                                                 # Fernet
      | ya29\.[\w.-]+ | 1//[\w-]{20,} | GOCSPX-[\w-]+                    # Google's tokens and client secrets
      | (?<=[?&]code=)[^&\s]+ | (?<=[?&]state=)[^&\s]+                   # what a sign-in comes back with
    """,
    re.VERBOSE,
)
ADDRESS = re.compile(r"[\w.!#$%&'*+/=?^`{|}~-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+")
SECRET_KEYS = re.compile(r"(?i)password|secret|token|authorization|cookie|signature|\bbody\b")

EventDict = MutableMapping[str, Any]


def set_up_logs(level: str, form: Literal["json", "console"], stream: TextIO = sys.stdout) -> None:
    """Send every log line of this process to `stream`."""
    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: list[structlog.typing.Processor] = (
        [structlog.processors.format_exc_info, redact, structlog.processors.JSONRenderer()]
        if form == "json"
        else [
            structlog.processors.format_exc_info,
            redact,
            # rich would print local variables, and with them passwords
            structlog.dev.ConsoleRenderer(colors=stream.isatty(), exception_formatter=structlog.dev.plain_traceback),
        ]
    )
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    handler.addFilter(without_bolts_own_words)
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in ("slack_sdk", "slack_bolt", "apscheduler", "httpx2", "httpcore2", "uvicorn", "alembic", "asyncio"):
        logging.getLogger(name).setLevel(max(logging.getLevelNamesMapping()[level], logging.WARNING))


def without_bolts_own_words(record: logging.LogRecord) -> bool:
    """Where a signature does not fit, Bolt logs the whole request: the fact alone is enough.

    And it finds SLACK_BOT_TOKEN in the environment by itself, only to say that it does not need it.
    """
    if record.name.startswith(("slack_bolt", "bot.bolt")):
        words = str(record.msg)
        if "signature" in words.lower():
            record.msg, record.args = "request with an unfit signature", None
        return "`token` will be unused" not in words
    return True


def redact(_: Any, __: str, event: EventDict) -> EventDict:  # noqa: ANN401 - structlog's signature
    """Take tokens, passwords and e-mail addresses out of every value, at any depth."""
    return {name: "***" if SECRET_KEYS.search(name) else _clean(value) for name, value in event.items()}


def _clean(value: object) -> object:
    if isinstance(value, str):
        return ADDRESS.sub(_mark, SECRET.sub("***", value))
    if isinstance(value, Mapping):
        return {name: "***" if SECRET_KEYS.search(str(name)) else _clean(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(inner) for inner in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _clean(str(value))


def _mark(found: re.Match[str]) -> str:
    """The same address gets the same mark, so that lines can be followed."""
    return f"<mail {hashlib.sha256(found.group().lower().encode()).hexdigest()[:8]}>"
