"""Masks for coordinates: a point (longitude, latitude), or a column of degrees."""

from functools import cache
from typing import Annotated, Any, ClassVar, Literal, Self

from faker.providers.geo import Provider
from pydantic import AfterValidator, Field, model_validator
from sqlalchemy import ColumnElement, Double, Numeric, case, cast, func, literal, null

from services.anonymize.worker.masks.base import Example, Mask, MaskContext, Trait, present
from services.anonymize.worker.masks.dates import COARSE, as_is
from services.anonymize.worker.masks.local import by_country
from services.anonymize.worker.masks.numbers import signed_share
from services.anonymize.worker.numbering import COUNTRY_WORDS
from services.anonymize.worker.schema import Column, Family
from services.anonymize.worker.sql import Collated, NamedType, PartOf, Purpose, TextElement, word

METERS_PER_DEGREE = 111_320
Axis = Literal["latitude", "longitude"]
Degrees = ColumnElement[Any]


class PlaceMask(Mask):
    """A mask of coordinates."""

    accepts: ClassVar[frozenset[Family]] = frozenset({Family.NUMBER, Family.POINT})

    axis: Axis = Field("latitude", description="what a column of degrees holds; a point holds both")

    def new_latitude(self, degrees: Degrees, chosen: TextElement, context: MaskContext) -> Degrees:
        """The new latitude from the old one; `chosen` is what chance is drawn by."""
        raise NotImplementedError(f"{self.word} has no expression")

    def new_longitude(
        self, degrees: Degrees, latitude: Degrees, chosen: TextElement, context: MaskContext
    ) -> Degrees:
        """The new longitude from the old one and the old latitude."""
        raise NotImplementedError(f"{self.word} has no expression")

    def latitude_beside(self, context: MaskContext) -> Degrees:
        """The latitude that belongs to a column of longitudes."""
        return literal(0.0, Double)

    def chosen(self, value: ColumnElement[Any], context: MaskContext) -> TextElement:
        """What chance is drawn by."""
        return Collated(value)

    def masked(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        # greatest and least pass NULL over, and a town needs no coordinates
        return case((present(value), self._place(value, column, context)), else_=null())

    def _place(self, value: ColumnElement[Any], column: Column, context: MaskContext) -> ColumnElement[Any]:
        chosen = self.chosen(value, context)
        own = as_is(value, column)
        if column.family is Family.POINT:
            longitude, latitude = PartOf(own, 0), PartOf(own, 1)
            east = self.new_longitude(longitude, latitude, chosen, context)
            return func.point(cast(east, Double), cast(self.new_latitude(latitude, chosen, context), Double))
        degrees = cast(own, Double)
        if self.axis == "latitude":
            return self.new_latitude(degrees, chosen, context)
        return self.new_longitude(degrees, self.latitude_beside(context), chosen, context)


class GeoRound(PlaceMask):
    """Coordinates rounded to so many decimals: two are about a kilometre, one about ten."""

    word: ClassVar[str] = "geo_round"
    keeps: ClassVar[frozenset[Trait]] = COARSE
    preserves: ClassVar[str] = "the place, as far as decimals tell it"
    example: ClassVar[Example] = Example("geo_round", "(4.835659,45.764043)", "(4.84,45.76)", "point")

    decimals: Annotated[int, Field(ge=0, le=6)] = Field(2, description="decimals that stay")

    def new_latitude(self, degrees: Degrees, chosen: TextElement, context: MaskContext) -> Degrees:
        return func.round(cast(degrees, Numeric), self.decimals)

    def new_longitude(
        self, degrees: Degrees, latitude: Degrees, chosen: TextElement, context: MaskContext
    ) -> Degrees:
        return self.new_latitude(degrees, chosen, context)


class GeoJitter(PlaceMask):
    """Coordinates moved by up to so many metres north or south and east or west."""

    word: ClassVar[str] = "geo_jitter"
    keeps: ClassVar[frozenset[Trait]] = frozenset({Trait.JOINS, Trait.DISTRIBUTION, Trait.NULLS})
    preserves: ClassVar[str] = "the neighbourhood"
    loses: ClassVar[str] = "which side of a border or a coast a place near it is on"
    example: ClassVar[Example] = Example(
        "{mask: geo_jitter, meters: 800}",
        "(4.835659,45.764043)",
        "(4.842733420509503,45.77022455228171)",
        "point",
    )

    meters: Annotated[int, Field(gt=0, le=500_000)] = Field(1000, description="the most that a place moves")
    latitude_from: str | None = Field(
        None, description="a column of the same row with the latitude, which a column of longitudes needs"
    )

    @model_validator(mode="after")
    def _latitude_known(self) -> Self:
        if (self.axis == "longitude") != (self.latitude_from is not None):
            raise ValueError("give latitude_from with axis: longitude, and only there")
        return self

    def reads(self) -> tuple[str, ...]:
        return (self.latitude_from,) if self.latitude_from else ()

    def latitude_beside(self, context: MaskContext) -> Degrees:
        return cast(context.row(str(self.latitude_from)), NamedType("double precision"))

    def new_latitude(self, degrees: Degrees, chosen: TextElement, context: MaskContext) -> Degrees:
        moved = degrees + self._degrees(chosen, "north")
        return func.greatest(func.least(moved, literal(90.0, Double)), literal(-90.0, Double))

    def new_longitude(
        self, degrees: Degrees, latitude: Degrees, chosen: TextElement, context: MaskContext
    ) -> Degrees:
        narrow = func.greatest(func.cosd(latitude), literal(0.05, Double))
        moved = degrees + self._degrees(chosen, "east") / narrow
        return func.greatest(func.least(moved, literal(180.0, Double)), literal(-180.0, Double))

    def _degrees(self, chosen: TextElement, salt: str) -> Degrees:
        share = cast(signed_share(chosen, Purpose.PLACE, salt), Double)
        return share * literal(self.meters / METERS_PER_DEGREE, Double)


def _country(word: str) -> str:
    code = word.strip().upper()
    if code not in GEO_COUNTRIES:
        raise ValueError(f"{word} is no country with places here; there are {', '.join(GEO_COUNTRIES)}")
    return code


GEO_COUNTRIES = (
    "FR",
    "ES",
    "IT",
    "DE",
    "PT",
    "GB",
    "BE",
    "NL",
    "PL",
    "CZ",
    "US",
    "CA",
)  # of more than four towns


@cache
def _places(country: str) -> tuple[tuple[str, str], ...]:
    """Latitude and longitude of a country's towns, from Faker's list."""
    return tuple((place[0], place[1]) for place in Provider.land_coords if place[3] == country)


class GeoPlace(PlaceMask):
    """A town of the same country."""

    word: ClassVar[str] = "geo_place"
    preserves: ClassVar[str] = "the country; a place on land"
    example: ClassVar[Example] = Example(
        "{mask: geo_place, country: FR}", "(4.835659,45.764043)", "(2.12213,48.8222)", "point"
    )

    country: Annotated[str, AfterValidator(_country)] = Field("FR", description="the country of the town")
    country_from: str | None = Field(None, description="a column of the same row that holds that country")
    by: str | None = Field(
        None,
        description="a column of the same row, the same for both columns of degrees, that chooses the town",
    )

    def reads(self) -> tuple[str, ...]:
        return tuple(name for name in (self.country_from, self.by) if name)

    def chosen(self, value: ColumnElement[Any], context: MaskContext) -> TextElement:
        return Collated(context.row(self.by) if self.by else value)

    def new_latitude(self, degrees: Degrees, chosen: TextElement, context: MaskContext) -> Degrees:
        return self._town(0, chosen, context)

    def new_longitude(
        self, degrees: Degrees, latitude: Degrees, chosen: TextElement, context: MaskContext
    ) -> Degrees:
        return self._town(1, chosen, context)

    def _town(self, part: int, chosen: TextElement, context: MaskContext) -> Degrees:
        towns = {
            country: word([place[part] for place in _places(country)], chosen, Purpose.PLACE)
            for country in GEO_COUNTRIES
        }
        if self.country_from is None:
            return cast(towns[self.country], Numeric)
        words = {country: COUNTRY_WORDS.get(country, (country.lower(),)) for country in GEO_COUNTRIES}
        chosen_by = context.row(self.country_from)
        return cast(by_country(chosen_by, towns, self.country, words), Numeric)
