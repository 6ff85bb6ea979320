"""A template of an artifact is filled within a time and a size, and has nothing but what the language has."""

import jinja2
import pytest

from skillrt.programs.template import Templates
from skillspec.artifacts import ArtifactError

VALUES = {"p": "abc " * 5000, "h": [{"role": "user", "content": "x"}] * 3, "none": None}

REFUSED = [
    "{{ 'a' * 10000000000 }}",
    "{{ 9 ** 99999999 }}",
    "{{ '%099999999d' % 1 }}",
    "{% for x in h recursive %}{{ loop(h) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include 'a' %}",
    "{% extends 'a' %}",
    "{{ 'a'|center(1000000000) }}",
    "{{ 'a'|indent(1000000000) }}",
    "{{",
    "(" * 5 + "{{ " + "(" * 2000 + "p" + ")" * 2000 + " }}",
]
TOO_MUCH = [
    "{% for a in p %}{% for b in p %}{% for c in p %}{% endfor %}{% endfor %}{% endfor %}",
    "{% set a = p + p %}" + "{% set a = a + a %}" * 40 + "{{ a }}",
    "{% set a = p ~ p %}" + "{% set a = a ~ a %}" * 40 + "{{ a }}",
    "{{ p|list|join(p) }}",
    "{{ p|replace('a', p)|replace('b', p) }}",
    "{{ 1.5|round(1000000000, 'ceil') }}{% for a in p|batch(1000000000, 'x') %}{% endfor %}",
    "{% for a in p %}{{ p }}{% endfor %}",
    "{{ range(1000000000) }}",
    "{{ lipsum(1000000) }}",
    "{{ p.ljust(1000000000) }}",
    "{{ p.__class__.__mro__ }}",
    "{{ h.append(1) }}",
]


@pytest.mark.parametrize("source", REFUSED)
def test_what_the_language_does_not_have_is_refused_when_loaded(source: str) -> None:
    with pytest.raises(ArtifactError, match="template t cannot be used"):
        Templates().compile("t", source)


@pytest.mark.parametrize("source", TOO_MUCH)
def test_what_takes_too_much_is_an_error_of_the_template(source: str) -> None:
    with pytest.raises(jinja2.TemplateError):
        Templates().fill("t", source, VALUES)


def test_what_the_language_has_is_filled() -> None:
    source = (
        "{% for t in h %}{{ loop.index }}/{{ loop.length }} {{ t.role }}: {{ t.content ~ '!' }}"
        "{{ '' if loop.last else ', ' }}{% endfor %}{{ (none or 'x') + 'y' }}"
        "{{ h|map(attribute='role')|join('-') }}"
        "{{ p.split()[0]|upper|replace('A', 'b') }}{{ 7 // 2 + 1 }}"
    )
    shown = Templates().fill("t", source, VALUES)
    assert shown == "1/3 user: x!, 2/3 user: x!, 3/3 user: x!xyuser-user-userbBC4"
