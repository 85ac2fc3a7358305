"""Commands that let somebody in: brands and tokens."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from app.cli.failures import CommandFailed
from app.cli.output import answer, say

if TYPE_CHECKING:
    from app.brands.models import Brand
    from app.brands.rules import NewTrigger
    from app.core.database import Sessions, WriteSession
    from app.core.viewer import Scope
    from app.oauth.service import IssuedToken

COMMAND_LINE_APP = "command-line"
BRANDS_LISTED_MAX = 20


def create_brand(
    slug: Annotated[str, typer.Option(help="Its name in commands: a-z, 0-9 and hyphens.")],
    name: Annotated[str, typer.Option(help="Its name for people.")],
    x_user_id: Annotated[int, typer.Option(help="The user id of its X account, a number.")],
    x_handle: Annotated[str, typer.Option(help="The handle of its X account, without @.")],
    marketplace: Annotated[
        list[str] | None,
        typer.Option(help="A marketplace it sells on, such as US. May be repeated. [default: US]"),
    ] = None,
    trigger: Annotated[
        list[str] | None,
        typer.Option(
            metavar="TAG:MARKETPLACE",
            help="A hashtag that asks for a cart there. May be repeated. "
            "[default: AmazonCart:US, or of the first marketplace]",
        ),
    ] = None,
) -> None:
    """Create a brand that takes part at once, its marketplaces served by the sandbox retailer.

    It is ACTIVE from the start: until brands can connect their X account, that is yours to decide.
    Prints the brand's id.
    """
    from app.brands import service
    from app.brands.models import Brand
    from app.brands.rules import NewBrand
    from app.cli.runtime import opened, run
    from app.events.log import write_transaction

    marketplaces = marketplace or ["US"]
    new = NewBrand(
        slug=slug,
        name=name,
        x_user_id=x_user_id,
        x_handle=x_handle,
        marketplaces=marketplaces,
        triggers=[_trigger(text) for text in trigger or [f"AmazonCart:{marketplaces[0]}"]],
    )

    async def created() -> Brand:
        async with opened() as resources, write_transaction(resources.sessions) as session:
            outcome = await service.create_brand(session, new)
            if not isinstance(outcome, Brand):
                raise CommandFailed(outcome.message)
            return outcome

    brand = run(created())
    say(f"{brand.name} takes part. Next: hashcart token create --brand {brand.slug}")
    answer(str(brand.id))


def _trigger(text: str) -> "NewTrigger":
    from app.brands.rules import NewTrigger

    tag, separator, marketplace = text.rpartition(":")
    if not separator:
        raise typer.BadParameter(f"{text!r} must be TAG:MARKETPLACE, such as AmazonCart:US")
    return NewTrigger(tag, marketplace)


def create_token(
    brand: Annotated[str, typer.Option(help="The brand's slug.")],
    scopes: Annotated[
        str | None,
        typer.Option(
            help="What it may do, separated by commas or spaces, such as "
            "brand:read,intents:act. [default: every scope that reads, but shoppers:identify]"
        ),
    ] = None,
    label: Annotated[
        str | None, typer.Option(help="What it is for, to know it again in a list.")
    ] = None,
    days: Annotated[
        int | None, typer.Option(min=1, max=3650, help="Days until it expires. [default: never]")
    ] = None,
) -> None:
    """Create an access token for a brand and print it: the token alone goes to standard output.

    It is shown this once; only its SHA-256 is stored. It belongs to the app `command-line`.
    """
    from app.cli.runtime import opened, run
    from app.oauth.rules import parse_scopes, reading_scopes

    words = reading_scopes() if scopes is None else scopes.replace(",", " ").split()
    asked = parse_scopes(words)
    if not isinstance(asked, frozenset):
        raise CommandFailed(asked.message)

    async def created() -> "IssuedToken":
        async with opened() as resources:
            return await issue_token(
                resources.sessions,
                slug=brand,
                scopes=asked,
                label=label,
                lifetime=timedelta(days=days) if days else None,
            )

    issued = run(created())
    until = f"until {issued.expires_at:%Y-%m-%d %H:%M} UTC" if issued.expires_at else "for good"
    say(f"A token of {brand}, {until}, for {', '.join(sorted(asked))}. It is not shown again:")
    answer(issued.token)


async def issue_token(
    sessions: "Sessions",
    *,
    slug: str,
    scopes: "frozenset[Scope]",
    label: str | None = None,
    lifetime: timedelta | None = None,
) -> "IssuedToken":
    """A token of the app `command-line` at the brand, installed there if it was not.

    Raises:
        CommandFailed: there is no such brand, or the app is out of use.
    """
    from app.core import clock
    from app.events.log import write_transaction
    from app.oauth import service
    from app.oauth.models import App

    async with write_transaction(sessions) as session:
        brand = await _brand(session, slug)
        app = await service.ensure_app(session, client_id=COMMAND_LINE_APP, name="Command line")
        if not isinstance(app, App):
            raise CommandFailed(app.message)
        installation = await service.ensure_installation(
            session, brand_id=brand.id, app=app, scopes=scopes, granted_by="operator"
        )
        return await service.issue_personal_token(
            session,
            installation=installation,
            scopes=scopes,
            label=label,
            expires_at=clock.now() + lifetime if lifetime else None,
        )


async def _brand(session: "WriteSession", slug: str) -> "Brand":
    from app.brands.queries import find_brand, list_slugs

    brand = await find_brand(session, slug=slug)
    if brand is not None:
        return brand
    slugs = await list_slugs(session, limit=BRANDS_LISTED_MAX)
    known = f"known are {', '.join(slugs)}" if slugs else "there is none yet"
    raise CommandFailed(
        f"There is no brand {slug!r}; {known}. Make one with `hashcart brand create`."
    )
