"""Units of quantities: their spellings, and when two of them agree (pint tells)."""

from __future__ import annotations

from fractions import Fraction
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pint import UnitRegistry

_WORDS = """
    meter: m meter metre
    centimeter: cm centimeter centimetre
    millimeter: mm millimeter millimetre
    kilometer: km kilometer kilometre
    micrometer: um micrometer micrometre micron
    nanometer: nm nanometer
    inch: in inch inches
    foot: ft foot feet
    yard: yd yard
    mile: mi mile
    light_year: ly
    kilogram: kg kilogram kilo kgs
    gram: g gram gramme gm
    milligram: mg milligram
    pound: lb lbs pound
    microgram: ug microgram
    ounce: oz ounce
    tonne: tonne
    short_ton: ton
    stone: stone
    second: s sec second secs
    minute: min mins minute
    hour: h hr hrs hour
    day: day
    week: week
    millisecond: ms millisecond
    microsecond: us microsecond
    nanosecond: ns nanosecond
    month: month
    year: yr yrs year
    decade: decade
    century: century centuries
    liter: L l liter litre
    milliliter: mL ml milliliter millilitre
    centiliter: cL cl
    cc: cc
    gallon: gal gallon
    quart: qt quart
    pint: pt pint
    cup: cup
    acre: acre
    hectare: ha hectare
    degree: deg degree
    radian: rad radian
    degC: celsius
    degF: fahrenheit
    kelvin: K kelvin
    mile/hour: mph
    kilometer/hour: kph kmh kmph
    newton: N newton
    kilonewton: kN
    joule: J joule
    kilojoule: kJ kilojoule
    megajoule: MJ
    watt: W watt
    kilowatt: kW kilowatt
    megawatt: MW
    kilowatt_hour: kWh
    electron_volt: eV
    kiloelectron_volt: keV
    megaelectron_volt: MeV
    gigaelectron_volt: GeV
    pascal: Pa pascal
    kilopascal: kPa
    megapascal: MPa
    atmosphere: atm atmosphere
    bar: bar
    volt: V volt
    kilovolt: kV
    millivolt: mV
    ampere: A amp ampere
    milliampere: mA
    ohm: ohm
    kiloohm: kohm
    coulomb: coulomb
    farad: farad
    tesla: tesla
    henry: henry
    hertz: Hz hertz
    kilohertz: kHz
    megahertz: MHz
    gigahertz: GHz
    mole: mol mole
    millimole: mmol
    calorie: cal calorie
    kilocalorie: kcal
    us_dollar: dollar USD buck
    us_cent: cent
    euro: euro EUR
    uk_pound: GBP
    yen: yen JPY
    rupee: rupee INR
    bit: bit
    byte: byte
    kilobyte: kB KB
    megabyte: MB
    gigabyte: GB
    revolution: revolution
    revolution/minute: rpm
"""
_MONEY = (
    "us_dollar = [money_usd]",
    "us_cent = 1/100 * us_dollar",
    "euro = [money_eur]",
    "uk_pound = [money_gbp]",
    "yen = [money_jpy]",
    "rupee = [money_inr]",
)


def _spellings() -> dict[str, str]:
    """Return each spelling with the unit as pint calls it; long words have a plural."""
    known: dict[str, str] = {}
    for line in _WORDS.strip().splitlines():
        unit, _, words = line.strip().partition(": ")
        for word in words.split():
            known[word] = unit
            if len(word) > 2 and word.islower() and not word.endswith("s"):
                known[word + "s"] = unit
    return known


SPELLINGS = _spellings()


def unit_of(word: str) -> str | None:
    """Return the unit that a word or symbol names; a long word may be in any case."""
    if word in SPELLINGS:
        return SPELLINGS[word]
    folded = word.casefold()
    return SPELLINGS.get(folded) if len(word) > 2 else None


@lru_cache(maxsize=1)
def _registry() -> UnitRegistry[Any]:
    # Half a second, so only when two units that differ are first compared.
    from pint import UnitRegistry

    registry: UnitRegistry[Any] = UnitRegistry(autoconvert_offset_to_baseunit=True, non_int_type=Fraction)
    for line in _MONEY:
        registry.define(line)
    return registry


@lru_cache(maxsize=1024)
def conversion(unit: str, other: str) -> tuple[Fraction, Fraction] | None:
    """Factor and offset that turn a number of ``unit`` into one of ``other``; None where the kinds differ.

    Raises:
        ValueError: one of them is not a unit.
    """
    registry = _registry()
    try:
        zero, first = (registry.Quantity(Fraction(count), unit).to(other).magnitude for count in (0, 1))
    except registry_errors() as error:
        if type(error).__name__ == "DimensionalityError":
            return None
        raise ValueError(f"{unit} or {other} is not a unit") from error
    return Fraction(first) - Fraction(zero), Fraction(zero)


def registry_errors() -> tuple[type[Exception], ...]:
    """Return what pint raises for a unit that it does not know or cannot convert."""
    from pint import PintError

    return (PintError, ArithmeticError, AttributeError, TypeError)


_COMMON = {
    "[length]": "mm cm m km inch foot yard mile",
    "[length] ** 2": "mm**2 cm**2 m**2 km**2 inch**2 foot**2 hectare",
    "[length] ** 3": "mm**3 cm**3 m**3 inch**3 foot**3 liter milliliter gallon",
    "[mass]": "mg g kg tonne pound ounce",
    "[time]": "ms second minute hour day week month year",
    "[length] / [time]": "m/s km/hour mile/hour foot/s",
    "[money_usd]": "us_dollar us_cent",
}


@lru_cache(maxsize=1024)
def may_convert(unit: str, ratio: Fraction) -> bool:
    """Tell whether a number of ``unit`` and one ``ratio`` times as large can be the same in common units."""
    try:
        dimension = _registry().get_dimensionality(unit)
        for kind, common in _COMMON.items():
            if _registry().get_dimensionality(kind) == dimension:
                changes = [conversion(unit, other) for other in common.split()]
                return any(change is not None and ratio in (change[0], 1 / change[0]) for change in changes)
    except registry_errors():
        return True
    power = ratio
    while power > 1:
        power /= 10
    while 0 < power < 1:
        power *= 10
    return power == 1
