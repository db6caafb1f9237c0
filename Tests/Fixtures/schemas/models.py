"""Pydantic models as those who extract data and call tools write them, for `gather_schemas.py`."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Literal, Optional, Union
from uuid import UUID

from pydantic import AnyUrl, BaseModel, ConfigDict, EmailStr, Field, HttpUrl, IPvAnyAddress, NonNegativeInt
from pydantic import PositiveFloat, PositiveInt, RootModel, StringConstraints, conint, conlist, constr
from typing_extensions import TypedDict


class Closed(BaseModel):
    model_config = ConfigDict(extra="forbid")


# Extraction


class Person(Closed):
    name: str
    age: Annotated[int, Field(ge=0, le=150)]
    email: Optional[EmailStr] = None


class Address(Closed):
    street: str
    house_number: constr(pattern=r"^\d{1,4}[a-z]?$")
    postal_code: constr(pattern=r"^\d{5}$")
    city: str
    country: constr(min_length=2, max_length=2, pattern=r"^[A-Z]{2}$") = "DE"


class Contact(BaseModel):
    person: Person
    addresses: list[Address]
    phones: list[constr(pattern=r"^\+?[0-9 ()-]{5,20}$")] = []


class Money(BaseModel):
    amount: Decimal
    currency: Literal["EUR", "USD", "GBP", "CHF", "JPY"]


class InvoiceLine(BaseModel):
    description: str
    quantity: PositiveFloat
    unit_price: Money
    tax_rate: Annotated[float, Field(ge=0, le=1, multiple_of=0.01)]


class Invoice(Closed):
    number: str
    issued: date
    due: Optional[date]
    seller: Contact
    buyer: Contact
    lines: Annotated[list[InvoiceLine], Field(min_length=1)]
    total: Money
    notes: Optional[str] = None


class Receipt(BaseModel):
    merchant: str
    bought_at: datetime
    items: list[tuple[str, int, float]]
    paid_with: Literal["cash", "card", "voucher"]


class Sentiment(str, Enum):
    positive = "positive"
    neutral = "neutral"
    negative = "negative"


class Review(BaseModel):
    sentiment: Sentiment
    score: conint(ge=1, le=5)
    aspects: dict[str, Sentiment]
    quote: constr(max_length=200)


class Entity(Closed):
    text: str
    label: Literal["PERSON", "ORG", "LOC", "DATE", "MISC"]
    start: NonNegativeInt
    end: NonNegativeInt


class EntityList(RootModel[list[Entity]]):
    pass


class Relation(Closed):
    subject: Entity
    predicate: str
    object: Entity


class KnowledgeGraph(BaseModel):
    entities: Annotated[list[Entity], Field(max_length=100)]
    relations: Annotated[list[Relation], Field(max_length=100)]


class Event(BaseModel):
    title: str
    starts: datetime
    ends: Optional[datetime] = None
    length: Optional[timedelta] = None
    every: Optional[Literal["day", "week", "month"]] = None
    attendees: list[EmailStr] = []


class Opening(BaseModel):
    day: Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
    opens: time
    closes: time


class Shop(BaseModel):
    name: str
    web: Optional[HttpUrl] = None
    hours: Annotated[list[Opening], Field(max_length=14)]


class Resume(Closed):
    class Job(Closed):
        employer: str
        title: str
        begin: constr(pattern=r"^\d{4}-\d{2}$")
        end: Optional[constr(pattern=r"^\d{4}-\d{2}$")]
        duties: list[str]

    class School(Closed):
        name: str
        degree: Optional[str]
        year: Annotated[int, Field(ge=1950, le=2100)]

    name: str
    email: EmailStr
    jobs: list[Job]
    schools: list[School]
    skills: Annotated[list[str], Field(max_length=50)]
    languages: dict[str, Literal["A1", "A2", "B1", "B2", "C1", "C2"]]


class Recipe(BaseModel):
    class Ingredient(BaseModel):
        name: str
        amount: Optional[float]
        unit: Optional[Literal["g", "kg", "ml", "l", "tsp", "tbsp", "piece"]]

    title: str
    servings: PositiveInt
    minutes: Annotated[int, Field(gt=0, lt=1440)]
    ingredients: list[Ingredient]
    steps: Annotated[list[str], Field(min_length=1, max_length=30)]
    is_vegan: bool


class LabValue(Closed):
    code: constr(pattern=r"^[0-9]{1,5}-[0-9]$")
    value: Union[float, Literal["positive", "negative", "trace"]]
    unit: Optional[str]
    low: Optional[float] = None
    high: Optional[float] = None


class LabReport(BaseModel):
    patient: UUID
    taken: datetime
    values: list[LabValue]


class Prescription(BaseModel):
    drug: str
    dose_mg: Annotated[float, Field(gt=0, le=5000)]
    times: Annotated[list[time], Field(min_length=1, max_length=6)]
    until: Optional[date]


class Paper(BaseModel):
    title: str
    authors: Annotated[list[str], Field(min_length=1)]
    year: Annotated[int, Field(ge=1665, le=2100)]
    doi: Optional[constr(pattern=r"^10\.\d{4,9}/\S+$")]
    claims: list[str]
    kind: Literal["article", "preprint", "book", "thesis"]


class Contract(Closed):
    class Party(Closed):
        name: str
        role: Literal["buyer", "seller", "guarantor"]

    parties: Annotated[list[Party], Field(min_length=2, max_length=4)]
    signed: Optional[date]
    value: Optional[Money]
    clauses: dict[constr(pattern=r"^[0-9]+(\.[0-9]+)*$"), str]


class Place(BaseModel):
    name: str
    latitude: Annotated[float, Field(ge=-90, le=90)]
    longitude: Annotated[float, Field(ge=-180, le=180)]
    tags: set[str] = set()


class Weather(BaseModel):
    place: Place
    days: Annotated[list["Weather.Day"], Field(min_length=1, max_length=14)]

    class Day(BaseModel):
        day: date
        high: float
        low: float
        sky: Literal["clear", "cloudy", "rain", "snow", "fog"]


Weather.model_rebuild()


# Unions and recursion


class Circle(BaseModel):
    kind: Literal["circle"]
    radius: PositiveFloat


class Rectangle(BaseModel):
    kind: Literal["rectangle"]
    width: PositiveFloat
    height: PositiveFloat


class Polygon(BaseModel):
    kind: Literal["polygon"]
    points: Annotated[list[tuple[float, float]], Field(min_length=3)]


class Drawing(BaseModel):
    shapes: list[Annotated[Union[Circle, Rectangle, Polygon], Field(discriminator="kind")]]


class Tree(BaseModel):
    value: int
    left: Optional["Tree"] = None
    right: Optional["Tree"] = None


class Comment(Closed):
    author: str
    text: str
    replies: list["Comment"]


class FileNode(BaseModel):
    type: Literal["file"] = "file"
    name: str
    size: NonNegativeInt


class FolderNode(BaseModel):
    type: Literal["folder"] = "folder"
    name: str
    children: list[Union[FileNode, "FolderNode"]]


class Expression(BaseModel):
    operator: Literal["+", "-", "*", "/", "number"]
    value: Optional[float] = None
    arguments: Optional[list["Expression"]] = None


class Condition(BaseModel):
    field: str
    operator: Literal["eq", "ne", "lt", "le", "gt", "ge", "in", "like"]
    value: Union[str, int, float, bool, None, list[Union[str, int]]]


class Filter(BaseModel):
    all_of: Optional[list[Union[Condition, "Filter"]]] = None
    any_of: Optional[list[Union[Condition, "Filter"]]] = None
    negate: bool = False


class HtmlElement(BaseModel):
    tag: constr(pattern=r"^[a-z][a-z0-9]*$")
    attributes: dict[str, str]
    children: list[Union["HtmlElement", str]]


class Step(Closed):
    explanation: str
    output: str


class MathReasoning(Closed):
    steps: list[Step]
    final_answer: str


class AddPatch(BaseModel):
    op: Literal["add", "replace", "test"]
    path: str
    value: Any


class RemovePatch(BaseModel):
    op: Literal["remove"]
    path: str


class MovePatch(BaseModel):
    op: Literal["move", "copy"]
    path: str
    source: str = Field(alias="from")


class JsonPatch(RootModel[list[Annotated[Union[AddPatch, RemovePatch, MovePatch], Field(discriminator="op")]]]):
    pass


# Arguments of tools


class GetWeather(Closed):
    """Get the weather of a place."""

    location: str = Field(description="City and country")
    unit: Literal["celsius", "fahrenheit"] = "celsius"


class SearchWeb(Closed):
    query: Annotated[str, StringConstraints(min_length=1, max_length=400)]
    count: Annotated[int, Field(ge=1, le=50)] = 10
    newer_than: Optional[date] = None
    sites: list[constr(pattern=r"^[a-z0-9.-]+\.[a-z]{2,}$")] = []


class RunSQL(Closed):
    statement: str
    parameters: list[Union[int, float, str, bool, None]] = []
    timeout: Annotated[float, Field(gt=0, le=300)] = 30


class EditFile(Closed):
    path: constr(min_length=1)
    old_text: str
    new_text: str
    replace_all: bool = False


class Shell(Closed):
    command: Annotated[list[str], Field(min_length=1)]
    directory: Optional[str] = None
    environment: dict[constr(pattern=r"^[A-Z_][A-Z0-9_]*$"), str] = {}
    timeout_ms: Optional[Annotated[int, Field(ge=1, le=600_000)]] = None


class SendMail(Closed):
    to: Annotated[list[EmailStr], Field(min_length=1, max_length=20)]
    cc: list[EmailStr] = []
    subject: constr(max_length=150)
    body: str
    priority: Literal[1, 2, 3] = 2


class BookFlight(Closed):
    origin: constr(pattern=r"^[A-Z]{3}$")
    destination: constr(pattern=r"^[A-Z]{3}$")
    leaves: date
    returns: Optional[date] = None
    cabin: Literal["economy", "premium", "business", "first"] = "economy"
    passengers: Annotated[int, Field(ge=1, le=9)] = 1


class HttpCall(Closed):
    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"]
    url: HttpUrl
    headers: dict[str, str] = {}
    query: dict[str, Union[str, int, bool]] = {}
    body: Optional[Any] = None


class PlotChart(BaseModel):
    kind: Literal["line", "bar", "pie", "scatter"]
    x: list[Union[float, str]]
    series: dict[str, list[Optional[float]]]
    colors: list[constr(pattern=r"^#([0-9a-fA-F]{3}){1,2}$")] = []


class Priority(IntEnum):
    low = 1
    normal = 5
    high = 10


class CreateTicket(Closed):
    title: constr(min_length=3, max_length=120)
    description: Optional[str]
    priority: Priority = Priority.normal
    labels: Annotated[set[Literal["bug", "feature", "docs", "infra"]], Field(max_length=3)] = set()
    assignee: Optional[constr(pattern=r"^@[a-z0-9-]+$")] = None


class SetTemperature(Closed):
    room: Literal["kitchen", "bath", "bed", "living"]
    degrees: Annotated[float, Field(ge=5, le=30, multiple_of=0.5)]


class Plan(Closed):
    class Task(Closed):
        id: PositiveInt
        goal: str
        depends_on: list[PositiveInt]
        tool: Optional[Literal["search", "code", "ask"]]

    tasks: Annotated[list[Task], Field(min_length=1, max_length=12)]
    done: bool


class Classification(Closed):
    label: Literal["spam", "ham"]
    confidence: Annotated[float, Field(ge=0, le=1)]


class Moderation(BaseModel):
    flagged: bool
    categories: dict[Literal["hate", "violence", "self-harm", "sexual"], Annotated[float, Field(ge=0, le=1)]]


class Translation(Closed):
    source_language: constr(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    target_language: constr(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")
    segments: list[tuple[str, str]]


# Configuration and data of services


class Server(BaseModel):
    host: Union[IPvAnyAddress, constr(pattern=r"^[a-z0-9.-]+$")]
    port: Annotated[int, Field(ge=1, le=65535)]
    tls: bool = True


class Cluster(BaseModel):
    name: constr(pattern=r"^[a-z]([-a-z0-9]*[a-z0-9])?$", max_length=63)
    servers: dict[str, Server]
    limits: dict[Literal["cpu", "memory"], constr(pattern=r"^[0-9]+(m|Mi|Gi)?$")]


class Point(TypedDict):
    x: float
    y: float


class Track(BaseModel):
    id: UUID
    points: conlist(Point, min_length=2)
    source: Optional[AnyUrl] = None


class Order(BaseModel):
    model_config = ConfigDict(json_schema_extra={"examples": [{"id": 1}]}, populate_by_name=True)

    id: int
    sku: constr(pattern=r"^[A-Z]{3}-\d{4}(-[A-Z0-9]{1,4})?$") = Field(alias="SKU")
    count: Annotated[int, Field(ge=1, multiple_of=6)]
    placed: datetime
    status: Literal["new", "paid", "shipped", "returned"]
    gift: Optional[bool] = None


class Survey(BaseModel):
    answers: dict[constr(pattern=r"^q[0-9]+$"), Union[bool, int, str, list[str]]]
    rating: Optional[Annotated[int, Field(ge=0, le=10)]]


class Quiz(BaseModel):
    class Question(BaseModel):
        text: str
        options: Annotated[list[str], Field(min_length=4, max_length=4)]
        answer: Annotated[int, Field(ge=0, le=3)]

    questions: Annotated[list[Question], Field(min_length=5, max_length=5)]


class Character(BaseModel):
    name: constr(max_length=40)
    strength: conint(ge=1, le=20)
    dexterity: conint(ge=1, le=20)
    inventory: Annotated[list[str], Field(max_length=8)]
    backstory: constr(min_length=20, max_length=1000)
