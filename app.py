"""The command line. `python app.py` runs the app; every other command looks, copies or prepares.

Heavy imports wait for the command chosen, so that `--help` answers at once.
"""

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from settings import Settings

HERE = Path(__file__).parent

cli = typer.Typer(
    help="Schedule a meeting on behalf of a customer without leaving Slack.",
    add_completion=False,
    invoke_without_command=True,
    no_args_is_help=False,
    pretty_exceptions_show_locals=False,  # locals hold passwords
)


@cli.callback()
def main(context: typer.Context) -> None:
    """Without a command: run."""
    if context.invoked_subcommand is None:
        run()


@cli.command()
def run() -> None:
    """Migrate the database, listen on HOST:PORT and talk to Slack until told to stop."""
    settings = _settings()
    from composition import run_until_stopped

    raise typer.Exit(run_until_stopped(settings))


@cli.command()
def sandbox(
    *,
    story: Annotated[bool, typer.Option("--story", help="Play one story in the terminal and end.")] = False,
) -> None:
    """Start everything on this computer, with no accounts: workspace, mailbox, calendar."""
    if story:
        from sandbox.story import main as tell

        tell()
        return
    from sandbox.tryout import main as try_out

    try_out()


@cli.command()
def migrate() -> None:
    """Bring the database's schema to this program's version; a SQLite file is copied first."""
    settings = _settings()
    from scheduling.store import Store, StoreUnfit

    try:
        store = Store.open(settings.database_url.get_secret_value())
        store.migrate()
        store.check()
        store.dispose()
    except StoreUnfit as unfit:
        _refuse(str(unfit))
    print("The database is ready.")


@cli.command()
def doctor() -> None:
    """Check settings, database, keys, mail, Slack; each line is OK or says what to do. Exit code 1 if anything is."""
    from doctor import Verdict, examine

    to_do = 0
    for finding in examine():
        print(finding, flush=True)
        to_do += finding.verdict is Verdict.TO_DO
    raise typer.Exit(1 if to_do else 0)


@cli.command()
def manifest(
    *,
    url: Annotated[bool, typer.Option("--url", help="Print a link that creates the app in Slack.")] = False,
    public_url: Annotated[
        str, typer.Option(envvar="PUBLIC_URL", help="Slack calls this address (else: Socket Mode).")
    ] = "",
) -> None:
    """Print the manifest of the Slack app: for Socket Mode, or for HTTP where PUBLIC_URL is set."""
    from urllib.parse import quote

    made = filled_manifest(public_url.rstrip("/"))
    if url:
        compact = json.dumps(made, separators=(",", ":"))
        print(f"https://api.slack.com/apps?new_app=1&manifest_json={quote(compact, safe='')}")
    else:
        print(json.dumps(made, indent=2))


def filled_manifest(public_url: str) -> dict[str, dict[str, object]]:
    """`manifest.json`, for HTTP when there is a public address to call."""
    made = json.loads((HERE / "manifest.json").read_text(encoding="utf-8"))
    if public_url:
        endpoint = f"{public_url}/slack/events"
        made["features"]["slash_commands"][0]["url"] = endpoint
        made["settings"]["event_subscriptions"]["request_url"] = endpoint
        made["settings"]["interactivity"] |= {"request_url": endpoint, "message_menu_options_url": endpoint}
        made["settings"]["socket_mode_enabled"] = False
    filled: dict[str, dict[str, object]] = made
    return filled


@cli.command()
def preview_emails(folder: Path) -> None:
    """Write every mail, rendered for a made-up meeting, into FOLDER: look at them after changing a template."""
    from scheduling.mail.preview import preview

    for path in preview(folder):
        print(path)


@cli.command()
def backup(path: Path) -> None:
    """Write a verified copy of the SQLite database to PATH while the app runs. The SECRET_KEYS are not in it."""
    settings = _settings()
    from scheduling.store import Store, StoreUnfit

    try:
        store = Store.open(settings.database_url.get_secret_value())
        store.backup(path)
        store.dispose()
    except StoreUnfit as unfit:
        _refuse(str(unfit))
    print(path)


def _settings() -> "Settings":
    from settings import SettingsRefused, load_settings

    try:
        return load_settings()
    except SettingsRefused as refused:
        _refuse(str(refused))


def _refuse(words: str) -> NoReturn:
    print(words, file=sys.stderr)
    raise typer.Exit(2)


if __name__ == "__main__":
    cli()
