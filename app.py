"""The command line. `python app.py` runs the app; every other command looks, copies or prepares.

Heavy imports wait for the command chosen, so that `--help` answers at once.
"""

import contextlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from doctor import Finding
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
def doctor(
    *,
    live: Annotated[
        Literal["google", "microsoft", "exchange", "icloud", "caldav"] | None,
        typer.Option("--live", help="Try a calendar system with a test account of yours: real calls, one test event."),
    ] = None,
    port: Annotated[int, typer.Option(help="With --live google or microsoft: where the sign-in page answers.")] = 8765,
) -> None:
    """Check settings, database, keys, mail, Slack; each line is OK or says what to do. Exit code 1 if anything is."""
    if live is None:
        from doctor import examine

        raise typer.Exit(_told(examine()))
    with contextlib.closing(_live(live, port)) as findings:  # closed at Ctrl-C too: then the test event is removed
        raise typer.Exit(_told(findings))


def _told(findings: "Iterable[Finding]") -> int:
    """Print each as soon as it is known; the exit code."""
    from doctor import Verdict

    to_do = False
    for finding in findings:
        print(finding, flush=True)
        to_do |= finding.verdict is Verdict.TO_DO
    return 1 if to_do else 0


def _live(provider: str, port: int) -> "Generator[Finding, None, None]":
    settings = _settings()
    from composition import allowed_private_hosts, calendar_systems
    from live import Terminal, try_out
    from scheduling.outbound import Outbound
    from scheduling.zones import use_packaged_zones
    from web import forms

    use_packaged_zones()
    outbound = Outbound(allowed_private_hosts(settings), settings.extra_ca_bundle)
    asked = forms(asks_for_exchange_server=settings.exchange_ews_url is None)
    try:
        yield from try_out(provider, calendar_systems(settings, outbound), asked, Terminal(print), port)
    finally:
        outbound.close()


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
