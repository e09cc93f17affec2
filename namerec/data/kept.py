"""What stands in the description of a kept corpus. Strictly validated, damaged ones refused."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from namerec.core.corpus.dataset import CATEGORY_BOUNDS
from namerec.data.text import MAX_BYTES, MAX_CATEGORY

#: What a reference to a corpus of your own begins with; the id follows.
PREFIX = "own:"
#: Hexadecimal digits of the fingerprint in an id, 64 bits: no two corpora of anybody share them.
ID_DIGITS = 16
ID = re.compile(f"[0-9a-f]{{{ID_DIGITS}}}")
#: Hexadecimal digits of the SHA-256 in a table's name.
TABLE_DIGITS = 16


class OwnCorpus(BaseModel):
    """`<id>.json`: what is known of a kept corpus without reading its names.

    Attributes:
        id: The first digits of the fingerprint.
        title: What screens call it.
        fingerprint: The dataset's.
        kept: When it was put here.
        names: How many lines, duplicates counted.
        categories: In alphabetical order.
        has_split: Whether it says which names are for training, validation and test.
        table: First digits of the SHA-256 of the table of names, which is `<id>-<table>.csv`;
            None for a corpus kept before tables were so called, whose table is `<id>.csv`.
        csv_bytes: Size of the table, bytes; another size is a torn file.
        notices: What was left out at upload and why.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: Annotated[str, Field(pattern=f"^{ID.pattern}$")]
    title: Annotated[str, Field(min_length=1, max_length=200)]
    fingerprint: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    kept: AwareDatetime
    names: Annotated[int, Field(ge=2, le=2**53)]
    categories: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=MAX_CATEGORY)], ...],
        Field(min_length=CATEGORY_BOUNDS[0], max_length=CATEGORY_BOUNDS[1]),
    ]
    has_split: bool
    table: Annotated[str, Field(pattern=f"^[0-9a-f]{{{TABLE_DIGITS}}}$")] | None = None
    csv_bytes: Annotated[int, Field(ge=1, le=MAX_BYTES)]
    notices: Annotated[tuple[Annotated[str, Field(max_length=4000)], ...], Field(max_length=20)]

    @model_validator(mode="after")
    def _id_is_of_the_fingerprint(self) -> OwnCorpus:
        if not self.fingerprint.startswith(self.id):
            raise ValueError("the id is not the beginning of the fingerprint")
        return self

    @property
    def reference(self) -> str:
        """What `catalogue.load` takes."""
        return PREFIX + self.id

    @property
    def table_name(self) -> str:
        """The file that holds its names."""
        return f"{self.id}.csv" if self.table is None else f"{self.id}-{self.table}.csv"


@dataclass(frozen=True, slots=True)
class DamagedCorpus:
    """A kept corpus that cannot be read, and why; the others stay listed."""

    id: str
    reason: str
