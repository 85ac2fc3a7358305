"""The base of every table: names of constraints, enums as text, moments with a zone."""

import enum
from datetime import datetime
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    Uuid,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from app.core.ids import uuid7
from app.core.versions import FIRST_VERSION


class Model(DeclarativeBase):
    """A mapped class. Enums are stored by value, as text with a CHECK; X ids are 64-bit."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: Text(),
        bytes: LargeBinary(),
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        dict[str, Any]: JSONB(),
        list[Any]: JSONB(),
        enum.Enum: Enum(
            enum.Enum,
            native_enum=False,
            create_constraint=True,
            length=64,
            values_callable=lambda choices: [choice.value for choice in choices],
        ),
    }


def version_column() -> Any:
    """How often people edited a row, counted from 1; what others change does not count."""
    return mapped_column(Integer(), default=FIRST_VERSION, server_default=str(FIRST_VERSION))


def xid_column(*, nullable: bool = False, **options: Any) -> Any:
    """A column that holds an X id."""
    return mapped_column(BigInteger(), nullable=nullable, **options)


class TenantRecord(Model):
    """A row that belongs to a brand: the brand leads its primary key and all its keys."""

    __abstract__ = True

    brand_id: Mapped[UUID] = mapped_column(
        Uuid(), ForeignKey("brand.id"), primary_key=True, sort_order=-2
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7, sort_order=-1)
