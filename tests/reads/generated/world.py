"""Random rows of every table that the schema reads, of several brands, by bulk SQL.

It walks the tables and the schema, so a new column, enum or document comes in by itself. A brand's
keys are partly those of other brands, and some references lead to another brand's row or nowhere.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID

import orjson
from graphql import GraphQLEnumType, GraphQLInterfaceType, GraphQLObjectType, get_named_type
from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from app.core.bulk import insert_rows
from app.core.database import WriteSession
from app.core.models import Model
from app.core.viewer import Scope, Viewer
from app.graphql.reads.binding import Column, Document, TypeMapping
from app.graphql.reads.catalogue import Catalogue
from tests.reads.generated.shapes import SHAPES, Values
from tests.reads.generated.values import (
    INTEGERS,
    KEYS,
    MOMENTS,
    SMALL_INTEGERS,
    TEXTS,
    X_IDS,
    document_of,
)

BRANDS = 4
"""The last one has nothing but itself and who asks."""
ROWS = 12
ROWS_OF_LARGE = {"event": 70, "cart_intent": 60, "engagement": 50, "tweet_link": 20, "token": 20}

REFERENCES = {
    "engagement_id": "engagement",
    "tweet_id": "shoppable_tweet",
    "shopper_id": "shopper",
    "product_id": "product",
    "primary_product_id": "product",
    "previous_intent_id": "cart_intent",
    "intent_id": "cart_intent",
    "parent_id": "product",
    "advocate_id": "advocate",
    "person_id": "person",
    "app_id": "app",
    "installation_id": "installation",
}
"""What a key of another row is called, and whose it is. `subject_id` says it by a column."""
FREE_KEYS = frozenset({"correlation_id", "causation_id", "actor_id", "family_id"})


@dataclass
class WorldBrand:
    """One brand: its keys by table, and the tokens that ask for it."""

    number: int
    keys: dict[str, list[UUID]] = field(default_factory=lambda: defaultdict(list))

    @property
    def id(self) -> UUID:
        """The brand's key."""
        return self.keys["brand"][0]

    def viewer(self, scopes: frozenset[Scope]) -> Viewer:
        """One who asks for this brand with these scopes."""
        installation, token = self.keys["installation"][0], self.keys["token"][0]
        return Viewer(self.id, installation, installation, token, scopes, None)


@dataclass
class World:
    """What there is, made from one seed."""

    catalogue: Catalogue
    random: Random
    brands: list[WorldBrand] = field(default_factory=list)

    async def fill(self, session: WriteSession) -> None:
        """Make all rows and insert them. Rows that a unique index refuses are left out."""
        await session.execute(text("CREATE TABLE event_of_any_time PARTITION OF event DEFAULT"))
        # References may lead to other brands' rows, or nowhere.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        self._draw_keys()
        for table in self.tables:
            columns = [column.name for column in table.columns if column.computed is None]
            rows = [[row[name] for name in columns] for row in self._rows(table)]
            model = self._models[table.name]
            await insert_rows(session, model, columns, rows, "ON CONFLICT DO NOTHING")
        await session.execute(text("ANALYZE"))

    @cached_property
    def tables(self) -> list[Table]:
        """The tables of the schema's types, and those that they refer to."""
        read = {mapping.model.__tablename__ for mapping in self.mappings.values()}
        named = read | set(REFERENCES.values())
        return [table for table in Model.metadata.sorted_tables if table.name in named]

    @cached_property
    def mappings(self) -> Mapping[str, TypeMapping]:
        """The mapped types, by name."""
        types = self.catalogue.schema.type_map.values()
        return {
            each.name: mapping
            for each in types
            if isinstance(each, GraphQLObjectType | GraphQLInterfaceType)
            and (mapping := self.catalogue.mapping(each)) is not None
        }

    @cached_property
    def _models(self) -> Mapping[str, type[Model]]:
        return {mapper.class_.__tablename__: mapper.class_ for mapper in Model.registry.mappers}

    @cached_property
    def _fields(self) -> Mapping[str, list[tuple[TypeMapping, Any]]]:
        """By table: the fields of its types, each with its mapping."""
        found: dict[str, list[tuple[TypeMapping, Any]]] = defaultdict(list)
        for name, mapping in self.mappings.items():
            graphql_type: Any = self.catalogue.schema.type_map[name]
            fields = [(mapping, each) for each in graphql_type.fields.values()]
            found[mapping.model.__tablename__].extend(fields)
        return found

    @cached_property
    def _enums(self) -> Mapping[tuple[str, str], Sequence[str]]:
        """What a text column may hold that a field shows as an enum: the longest such list."""
        found: dict[tuple[str, str], Sequence[str]] = {}
        for table, fields in self._fields.items():
            for _, each in fields:
                named = get_named_type(each.type)
                if isinstance(named, GraphQLEnumType) and isinstance(
                    self.catalogue.binding(each), Column
                ):
                    values = [
                        getattr(value.value, "value", value.value)
                        for value in named.values.values()
                    ]
                    place = (table, self.catalogue.column_name(each))
                    found[place] = max(values, found.get(place, ()), key=len)
        return found

    @cached_property
    def _discriminators(self) -> Mapping[tuple[str, str], Sequence[str]]:
        return {
            (mapping.model.__tablename__, mapping.discriminator): list(
                self.catalogue.variants[name]
            )
            for name, mapping in self.mappings.items()
            if mapping.discriminator is not None and mapping.variant is None
        }

    def _key(self) -> UUID:
        return UUID(int=self.random.getrandbits(128), version=4)

    def _draw_keys(self) -> None:
        for number in range(BRANDS):
            empty = number == BRANDS - 1
            brand = WorldBrand(number)
            for table in self.tables:
                few = 1 if table.name in ("brand", "installation", "token", "app") else 0
                count = few if empty else ROWS_OF_LARGE.get(table.name, ROWS)
                for place in range(1 if table.name == "brand" else count):
                    brand.keys[table.name].append(self._shared(table, place) or self._key())
            self.brands.append(brand)

    def _shared(self, table: Table, place: int) -> UUID | None:
        """Now and then another brand's key, where a key is unique only within its brand."""
        if "brand_id" not in table.primary_key.columns or self.random.random() < 0.5:
            return None
        elder = self.random.choice(self.brands).keys[table.name] if self.brands else []
        return elder[place] if place < len(elder) else None

    def _rows(self, table: Table) -> Iterator[Values]:
        number = 0
        for brand in self.brands:
            for place, key in enumerate(brand.keys[table.name], 1):
                number += 1
                row = {
                    column.name: self._value(table, column, brand, number)
                    for column in table.columns
                }
                row.update({"id": key} if "id" in row else {})
                if "seq" in row:
                    row["seq"] = place
                SHAPES.get(table.name, _as_it_is)(row, self.random)
                self._refer(table, row, brand)
                yield row

    def _refer(self, table: Table, row: Values, brand: WorldBrand) -> None:
        """What depends on other columns: the subject, and documents of its kind."""
        if "subject_id" in row:
            subjects = self.mappings[row["subject_type"]].model.__tablename__
            row["subject_id"] = self._some_key(brand, subjects)
        documents: dict[str, Any] = {}
        for mapping, each in self._fields[table.name]:
            binding = self.catalogue.binding(each)
            told_by = mapping.discriminator
            if not isinstance(binding, Document):
                continue
            if told_by is not None and row[told_by] != mapping.variant:
                continue
            value = document_of(self.catalogue, self.random, each.type, each)
            documents[binding.column] = _put(documents.get(binding.column), binding.path, value)
        row.update({name: orjson.dumps(value).decode() for name, value in documents.items()})

    def _value(self, table: Table, column: Any, brand: WorldBrand, number: int) -> Any:
        if column.name == "brand_id":
            return brand.id
        if column.nullable and self.random.random() < 0.3:
            return None
        if isinstance(column.type, Uuid):
            return self._reference(table, column.name, brand)
        values = self._enums.get((table.name, column.name)) or self._discriminators.get(
            (table.name, column.name)
        )
        if isinstance(column.type, Enum):
            values = list(column.type.enums)
        if values:
            return self.random.choice(values)
        value = _plain(column.type, self.random)
        return _unlike(value, number) if column.name in _unique(table) else value

    def _reference(self, table: Table, name: str, brand: WorldBrand) -> UUID:
        if name == "id" or name == "subject_id":
            return KEYS[0]  # replaced
        if name in FREE_KEYS:
            return self.random.choice(KEYS)
        if name not in REFERENCES:
            raise LookupError(f"{table.name}.{name}: say in REFERENCES what it refers to.")
        if table.name == "token":  # who asks is never of another brand
            return self.random.choice(brand.keys[REFERENCES[name]])
        return self._some_key(brand, REFERENCES[name])

    def _some_key(self, brand: WorldBrand, table: str) -> UUID:
        """Mostly a row of the brand; now and then another brand's, or nobody's."""
        chance = self.random.random()
        if chance < 0.05:
            return self.random.choice(KEYS)
        owner = self.random.choice(self.brands) if chance < 0.15 else brand
        return self.random.choice(owner.keys[table] or KEYS)


def _as_it_is(row: Values, random: Random) -> None:
    """Most tables take whatever their columns take."""


def _put(found: Any, path: tuple[str, ...], value: Any) -> Any:
    if not path:
        return value
    inner = found if isinstance(found, dict) else {}
    inner[path[0]] = _put(inner.get(path[0]), path[1:], value)
    return inner


_PLAIN: Sequence[tuple[type, Callable[[Random], Any]]] = (
    (JSON, lambda random: "[]"),
    (Boolean, lambda random: random.random() < 0.5),
    (SmallInteger, lambda random: random.choice(SMALL_INTEGERS)),
    (BigInteger, lambda random: random.choice(X_IDS)),
    (Integer, lambda random: random.choice(INTEGERS)),
    (Date, lambda random: random.choice(MOMENTS).date()),
    (DateTime, lambda random: random.choice(MOMENTS)),
    (LargeBinary, lambda random: random.randbytes(32)),
    (Text, lambda random: random.choice(TEXTS)),
)


def _plain(kind: Any, random: Random) -> Any:
    for known, make in _PLAIN:
        if isinstance(kind, known):
            return make(random)
    raise LookupError(f"{kind!r}: say in _PLAIN what such a column may hold.")


def _unique(table: Table) -> set[str]:
    """The columns that stand in a unique constraint and have values enough for every row."""
    found = {
        column
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint)
        for column in constraint.columns
    }
    found |= {column for column in table.columns if column.unique}
    return {column.name for column in found if isinstance(column.type, BigInteger | Text)}


def _unlike(value: Any, number: int) -> Any:
    """A value like *value* that no other row has: the extremes go to the first rows."""
    if isinstance(value, str):
        return f"{value[:60]}{number}"  # short enough for a cursor
    if isinstance(value, int):
        return 2**63 - 1 if number == 1 else 2_123_000_000_000_000_000 + number
    raise LookupError(f"{value!r}: say how to make it unlike others.")
