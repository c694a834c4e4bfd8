"""Lists that are asked for by `page` and `page_size`."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Query, Request

from moorage.web.errors import InvalidLimitError


@dataclass(frozen=True, slots=True)
class Page:
    """Which page of a list is asked for: `number` counts from 1."""

    number: int
    size: int

    @property
    def offset(self) -> int:
        """How many rows come before this page."""
        return (self.number - 1) * self.size


def _page(
    request: Request,
    page: Annotated[
        int, Query(description="Which page, from 1", json_schema_extra={"minimum": 1, "maximum": 1_000_000})
    ] = 1,
    page_size: Annotated[
        int, Query(description="Items in a page, 1 to 100", json_schema_extra={"minimum": 1, "maximum": 100})
    ] = 20,
) -> Page:
    if not 1 <= page <= 1_000_000:
        raise InvalidLimitError("page is 1 to 1000000", pointer="?page")
    most: int = request.app.state.settings.page_size_max
    if not 1 <= page_size <= most:
        raise InvalidLimitError(f"page_size is 1 to {most}", pointer="?page_size")
    return Page(page, page_size)


Paging = Annotated[Page, Depends(_page)]
"""Parameter of a list operation: the page that is asked for."""
