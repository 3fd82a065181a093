# ruff: noqa: INP001 - Alembic loads this file by path
"""Alembic's entry: runs on the connection and in the transaction that `schema.change` hands over."""

from alembic import context
from sqlmodel import SQLModel

from scheduling.store import tables  # noqa: F401 - registers the metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=SQLModel.metadata,
    render_as_batch=True,
    compare_type=True,
)
context.run_migrations()
