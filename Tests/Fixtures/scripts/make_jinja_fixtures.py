"""Writes ../jinja/renders.json: templates, contexts and what Python's Jinja2 makes of them.

Chat templates in the shapes of well-known model families are read from ../jinja/templates.

The environment is the one chat templates are written for: immutable sandbox, trimmed blocks, loop controls,
`generation` blocks, `tojson` as plain `json.dumps`, `raise_exception` and `strftime_now`.

Run with Jinja2 3.1 installed: python3 make_jinja_fixtures.py
"""

import datetime
import json
import pathlib

import transformers_jinja
from jinja2.sandbox import ImmutableSandboxedEnvironment

HERE = pathlib.Path(__file__).resolve().parent
FIXTURES = HERE.parent / "jinja"
CHAT_TEMPLATES = {path.stem: path.read_text() for path in sorted((FIXTURES / "templates").glob("*.jinja"))}

NOW = 1753106646  # 2025-07-21T14:04:06Z


def strftime_now(form):
    return datetime.datetime.fromtimestamp(NOW, datetime.timezone.utc).replace(tzinfo=None).strftime(form)


CASES = []


def case(name, template, error=False, **context):
    CASES.append({"name": name, "template": template, "context": context, "fails": error})


def expressions(group, *templates, **context):
    for number, template in enumerate(templates, 1):
        case(f"{group} {number}", template, **context)


def failures(group, *templates, **context):
    for number, template in enumerate(templates, 1):
        case(f"{group} fails {number}", template, error=True, **context)


PEOPLE = [
    {"name": "Zoe", "age": 31, "city": {"name": "Oslo"}},
    {"name": "adam", "age": 25, "city": {"name": "Bonn"}},
    {"name": "Bea", "age": 31, "city": {"name": "Oslo"}},
]
THING = {"b": 1, "a": [1, 2.5, None, True], "ü": "é\n\"q\" 'x' <&>", "n": {}, "l": []}


def syntax_cases():
    expressions(
        "literals",
        "{{ 1 }} {{ 1.0 }} {{ 1e3 }} {{ 1.5e-7 }} {{ 0x1F }} {{ 0b101 }} {{ 0o17 }} {{ 1_000 }} {{ 123456789.125 }}",
        "{{ true }} {{ True }} {{ false }} {{ none }} {{ None }}",
        "{{ [1, 'a', \"it's\", none, [2.0], ()] }} {{ (1,) }} {{ (1, 2) }} {{ {'a': 1, 'b': [true]} }}",
        "{{ 'a' 'b' \"c\" }} {{ '\\n\\t\\\\ \\x41 \\u00e9 \\101 \\q' }}|{{ 'tab\\tquote\\'' }}",
        "{{ 1, 2 }} {{ [] }} {{ {} }} {{ [1, 2,] }} {{ {'a': 1,} }}",
        "{{ 1e16 }} {{ 1e15 }} {{ 1e22 }} {{ 0.0001 }} {{ 0.00001 }} {{ 1e100 }} {{ -0.0 }} {{ 100.0 }}",
        "{{ ['é', '\\n', '\\x00', '\\u200b', 'a\\'b\"c', '\\U0001F600'] }}",
    )
    expressions(
        "arithmetic",
        "{{ 7 + 2 }} {{ 7 - 2 }} {{ 7 * 2 }} {{ 7 / 2 }} {{ 7 // 2 }} {{ 7 % 2 }} {{ 7 ** 2 }}",
        "{{ -7 // 2 }} {{ -7 % 2 }} {{ 7 // -2 }} {{ 7 % -2 }} {{ 7.5 // 2 }} {{ -7.5 % 2 }} {{ 7.5 % -2 }}",
        "{{ 2 ** 3 ** 2 }} {{ -2 ** 2 }} {{ 2 ** -1 }} {{ 2.0 ** 0.5 }} {{ 10 / 5 }} {{ 1 + 2.0 }} {{ true + 1 }}",
        "{{ 1 + 2 * 3 - 4 / 2 }} {{ (1 + 2) * 3 }} {{ 10 - 3 - 2 }} {{ 100 // 7 // 2 }} {{ - - 3 }} {{ +4 }}",
        "{{ 'a' + 'b' }} {{ 'ab' * 3 }} {{ 3 * 'ab' }} {{ [1] + [2] }} {{ [0] * 3 }} {{ (1,) + (2,) }} {{ 'x' * -1 }}|",
        "{{ 1 ~ 'a' ~ none ~ 2.5 ~ [1] }} {{ 'a' ~ 1 + 'b' }} {{ 'a' ~ (1 + 2) }} {{ missing ~ 'x' }}",
        "{{ '%s is %d, %.2f %5s|%-5s|%05d %x %%' % ('a', 3, 2.345, 'r', 'l', 42, 255) }} {{ '%s' % 'one' }} {{ '%r' % ('q',) }}",
        "{{ -3|abs }} {{ -(3|abs) }} {{ 3 - -2 }} {{ 0.1 + 0.2 }} {{ 1 / 3 }}",
    )
    failures(
        "arithmetic", "{{ 1 / 0 }}", "{{ 'a' + 1 }}", "{{ 1 + 'a' }}", "{{ none + 1 }}", "{{ missing + 1 }}",
        "{{ [1] + (2,) }}", "{{ -'a' }}", "{{ {} + {} }}", "{{ 5 % 0 }}", "{{ 'a' - 'b' }}",
    )
    expressions(
        "comparison",
        "{{ 1 == 1.0 }} {{ 1 != 2 }} {{ true == 1 }} {{ 'a' == 'a' }} {{ [1, 2] == [1, 2] }} {{ [1] == (1,) }} {{ none == false }}",
        "{{ 1 < 2 }} {{ 2 <= 2 }} {{ 3 > 4 }} {{ 'a' < 'b' }} {{ [1, 2] < [1, 3] }} {{ 'Z' < 'a' }} {{ 1 < 1.5 }}",
        "{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 1 == 1 == 1 }} {{ (1 == 1) == 1 }} {{ 1 < 2 == true }}",
        "{{ 'a' in 'cat' }} {{ 1 in [1, 2] }} {{ 'k' in {'k': 1} }} {{ 3 not in [1] }} {{ '' in 'x' }} {{ 'x' in missing }}",
        "{{ not true }} {{ not not 1 }} {{ not 1 == 2 }} {{ 1 and 0 }} {{ 0 or 'x' }} {{ '' or none or 5 }} {{ 1 and 'y' }}",
        "{{ true or false and false }} {{ (true or false) and false }} {{ not false and true }} {{ not 'a' in 'b' }}",
        "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ {'a': 1} == {'a': 2} }} {{ missing == other }} {{ missing == none }}",
    )
    expressions(
        "falsy values",
        "{{ none|map('upper')|list }} {{ false|select|list }} {{ 0|rejectattr('x')|list }} {{ missing|map|list }}",
        "{{ '%s' % [1, 2] }} {{ 'x' % [1] }} {{ 'x' % {'a': 1} }}",
        "{{ [{'a': none}, {}]|sort(attribute='b')|length }}",
    )
    failures("falsy values", "{{ 5|map('upper')|list }}", "{{ 'x' % 5 }}", "{{ [{}, {}]|groupby('b') }}", "{{ 5|indent }}")
    failures("comparison", "{{ 1 < 'a' }}", "{{ none < 1 }}", "{{ 1 in 'a' }}", "{{ 1 in 5 }}", "{{ missing < 1 }}")
    expressions(
        "inline if",
        "{{ 'a' if x else 'b' }} {{ 'a' if not x else 'b' }}|{{ 'a' if not x }}|",
        "{{ 1 if false else 2 if false else 3 }} {{ (1 if true else 2) + 1 }} {{ 1 if true if false else 4 }}",
        "{{ 'y' if x is defined and x > 1 else 'n' }} {{ 'y' if 'k' in {'k': 1} else 'n' }}",
        x=2,
    )
    expressions(
        "mapping keys",
        "{% set d = {0: 'zero', 512: 'many', -1: 'less'} %}{{ d[512] }} {{ d[0] }} {{ d[-1] }} {{ d[1] }}|{{ d.0 }} {{ 512 in d }} {{ 3 in d }} {{ '512' in d }}",
        "{% set d = {0: 'a', 512: 'b'} %}{{ d.get(512) }} {{ d.get(7) }} {{ d.get(7, 'std') }} {{ d.get('0') }} {{ d|length }} {{ d }}",
        "{% for k, v in {3: 'x', 1: 'y'}.items() %}{{ k + 1 }}{{ v }} {% endfor %}{% for k in {3: 1, 4: 2} %}{{ k }}{% endfor %} {{ {7: 1}|items|list }}",
        "{{ {1: 'a', true: 'b', 1.0: 'c'} }} {{ {true: 'a', 1: 'b'} }} {{ {0: 1, false: 2, 0.0: 3, -0.0: 4} }} {{ {2.0: 'x', 2: 'y'} }}",
        "{{ {1: 'a'}[true] }} {{ {1: 'a'}[1.0] }} {{ {true: 'a'}[1] }} {{ {1.0: 'a'}.get(1) }} {{ 1.0 in {1: 0} }} {{ false in {0: 1} }} {{ 1.5 in {1: 0} }}",
        "{{ {none: 'a', 1.5: 'b', 'c': 'd'} }} {{ {none: 'a'}[none] }} {{ none in {none: 1} }} {{ none in {} }} {{ {1.5: 'b'}[1.5] }}",
        "{{ {1: 'a', none: 'b', true: 'c', 1.5: 'd', 'x': 'e', 1e100: 'f', -0.0: 'g'}|tojson }} {{ {3: {4: 5}}|tojson(indent=1) }}",
        "{{ {10: 'a', 9: 'b', 2.5: 'c'}|tojson(sort_keys=true) }} {{ {2: 'a', 1: 'b'}|dictsort }} {{ {2: 'a', 1: 'b'}|dictsort(by='value') }}",
        "{{ dict([(1, 'a'), (2, 'b')]) }} {{ dict({5: 1}) }} {{ dict({5: 1}, x=2) }} {{ dict([(1, 'a'), (true, 'b')]) }}",
        "{{ {1: 2} == {1.0: 2.0} }} {{ {1: 2} == {true: 2} }} {{ {1: 2} == {'1': 2} }} {{ {0: 1}.keys()|list }} {{ {0: 1}.values()|list }} {{ {0: 1}.items()|list }}",
        "{{ {1: 'a', 2: 'b'}|list }} {{ {1: 'a', 2: 'b'}|first }} {{ {1: 'a', 2: 'b'}|last }} {{ {1: 'a', 2: 'b'}|map('string')|join(',') }} {{ {2: 0, 1: 0}|sort }}",
        "{{ [{0: 'a'}, {0: 'b'}]|map(attribute=0)|join }} {{ [{0: 'a'}, {0: 'b'}]|map(attribute='0')|join }} {{ {1: 'x'}|urlencode }} {{ '{0[1]}'.format({1: 'z'}) }}",
        "{{ {9007199254740993: 'a'}[9007199254740992.0] }}|{{ {9007199254740992: 'a'}[9007199254740992.0] }} {{ {-9223372036854775807: 'm'} }}",
        "{% set sizes = {0: 'none', 512: 'small', 2048: 'large'} %}{% set n = 512 %}{{ sizes[n] if n in sizes else 'other' }} {{ sizes.get(n * 4) }}",
    )
    failures(
        "mapping keys", "{{ {[1]: 2} }}", "{{ {{}: 2} }}", "{{ {1: 'a', 'b': 'c'}|tojson(sort_keys=true) }}", "{{ {1: 'a', 'b': 'c'}|dictsort }}",
        "{{ dict([([], 1)]) }}", "{{ dict(**{1: 2}) }}", "{{ dict([(1,)]) }}",
    )
    expressions(
        "access",
        "{{ d.a }} {{ d['a'] }} {{ d.l[0] }} {{ d.l.1 }} {{ d['l'][-1] }} {{ d.n.m.o }}|{{ d.zz }}|{{ d['zz'] }}|{{ d.l[9] }}|",
        "{{ 'héllo'[1] }} {{ 'abc'[-1] }} {{ 'abc'[5] }}|{{ s[0] }} {{ s[1:3] }} {{ s|length }}",
        "{{ d.keys() | list }}|{{ d.values() | list }}|{{ d.get('a') }} {{ d.get('q') }} {{ d.get('q', 'std') }}",
        "{{ l[1:] }} {{ l[:2] }} {{ l[::-1] }} {{ l[-2:] }} {{ l[1:4:2] }} {{ l[10:] }} {{ l[:-1] }} {{ l[::2] }} {{ l[4:1:-1] }}",
        "{{ 'abcdef'[1:3] }} {{ 'abcdef'[::-1] }} {{ 'abcdef'[-3:] }} {{ 'abcdef'[:-2] }} {{ 'abcdef'[4:1:-2] }} {{ (1, 2, 3)[1:] }}",
        "{{ none.x }}|{{ 5.x }}|{{ 'a'.b }}|{{ l.foo }}|{{ l['0'] }}|{{ d[0] }}|",
        "{{ range(3) }} {{ range(3)[1] }} {{ d.items()|length }} {{ range(1, 9, 3)[::-1]|list }}",
        "{{ l[true] }} {{ l[1.5] }}| {{ l[none:2] }}",
        d={"a": 1, "l": [10, 20, 30], "n": {"m": {"o": "deep"}}},
        l=[0, 1, 2, 3, 4],
        s="日本語テキスト",
    )
    failures(
        "access", "{{ missing.x }}", "{{ missing['x'] }}", "{{ d.zz.y }}", "{{ missing() }}", "{{ d.zz() }}", "{{ 5() }}",
        "{{ missing[1:] }}", "{{ d[1:] }}", "{{ [1][::0] }}", "{{ 'a'.nope() }}", d={"a": 1},
    )


def statement_cases():
    expressions(
        "for",
        "{% for x in [1, 2, 3] %}{{ x }}{% if not loop.last %}, {% endif %}{% endfor %}",
        "{% for x in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }} {% endfor %}",
        "{% for x in [] %}a{% else %}none{% endfor %}{% for x in l %}{{ x }}{% else %}none{% endfor %}",
        "{% for k, v in d.items() %}{{ k }}={{ v }};{% endfor %}{% for k in d %}{{ k }}{% endfor %}",
        "{% for x in l if x != 'b' %}{{ loop.index }}{{ x }}{% if loop.last %}.{% endif %}{% endfor %}",
        "{% for x in l %}{{ loop.previtem }}<{{ x }}>{{ loop.nextitem }} {% endfor %}",
        "{% for x in l %}{{ loop.cycle('odd', 'even') }} {% endfor %}",
        "{% for x in [1, 1, 2, 2, 1] %}{{ x if loop.changed(x) else '-' }}{% endfor %}",
        "{% for (a, b), c in [((1, 2), 3)] %}{{ a }}{{ b }}{{ c }}{% endfor %}",
        "{% for c in 'héy' %}[{{ c }}]{% endfor %}{% for x in missing %}x{% endfor %}",
        "{% for x in range(10) %}{% if x == 2 %}{% continue %}{% endif %}{% if x == 5 %}{% break %}{% endif %}{{ x }}{% endfor %}",
        "{% for x in range(2) %}{% for y in range(2) %}{{ loop.index }}{% endfor %}{{ loop.index }};{% endfor %}",
        "{% for n in tree recursive %}{{ n.v }}{{ loop.depth }}{% if n.c %}({{ loop(n.c) }}){% endif %}{% endfor %}",
        "{% for x in range(5, 0, -2) %}{{ x }} {% endfor %}{{ range(2, 5)|list }}{{ range(3) }}{{ range(3)[1] }}",
        "{% set x = 1 %}{% for i in [1, 2] %}{{ x }}{% set x = x + i %}{{ x }} {% endfor %}{{ x }}",
        "{% for x in l[::-1] %}{{ x }}{% endfor %}{% for x in l|reverse %}{{ x }}{% endfor %}",
        "{% for a, b in l|batch(2, '-') %}{{ a }}{{ b }};{% endfor %}",
        "{% set ns = namespace(stop=false) %}{% for x in [1, 2, 3] if not ns.stop %}{{ x }}{% if x == 2 %}{% set ns.stop = true %}{% endif %}{% endfor %}",
        l=["a", "b", "c"],
        d={"x": 1, "y": 2},
        tree=[{"v": 1, "c": [{"v": 2, "c": [{"v": 3}]}, {"v": 4}]}, {"v": 5}],
    )
    failures(
        "for", "{% for x in 5 %}{% endfor %}", "{% for a, b in [1] %}{% endfor %}", "{% for a, b in [(1, 2, 3)] %}{% endfor %}",
        "{% for x in none %}{% endfor %}", "{% for x in [1] %}", "{% endfor %}", "{% break %}", "{% for x in [1] %}{{ loop(x) }}{% endfor %}",
    )
    expressions(
        "if",
        "{% if a %}A{% elif b %}B{% else %}C{% endif %}|{% if b %}B{% endif %}|{% if missing %}x{% endif %}|",
        "{% if a == 0 and b > 1 %}yes{% endif %}{% if not a %}not{% endif %}{% if [] %}x{% elif {} %}y{% elif '' %}z{% elif 0.0 %}w{% else %}empty{% endif %}",
        "{% if b is defined and b is not none %}ok{% endif %}",
        a=0,
        b=2,
    )
    expressions(
        "set",
        "{% set x = 1 %}{{ x }}{% set x, y = 2, 'z' %}{{ x }}{{ y }}{% set t = 1, 2 %}{{ t }}",
        "{% set b %}Hi {{ n }}!{% endset %}[{{ b }}]{% set u | upper %}abc{% endset %}{{ u }}{% set r | replace('a', 'o') | upper %}cat{% endset %}{{ r }}",
        "{% set ns = namespace(found=false, n=0) %}{% for i in [1, 2, 3] %}{% set ns.n = ns.n + i %}{% if i == 2 %}{% set ns.found = true %}{% endif %}{% endfor %}{{ ns.found }} {{ ns.n }} {{ ns.zz }}|{{ ns['n'] }}",
        "{% set ns = namespace({'a': 1}, b=2) %}{{ ns.a }}{{ ns.b }}{% set ns.c = [1] %}{{ ns.c }}",
        "{% if true %}{% set q = 5 %}{% endif %}{{ q }}{% with a = 1, b = 2 %}{{ a + b }}{% set q = 9 %}{{ q }}{% endwith %}{{ q }}{{ a }}|",
        "{% with %}{% set z = 1 %}{{ z }}{% endwith %}{{ z }}|{% with x = 1 %}{% with y = x + 1 %}{{ y }}{% endwith %}{% endwith %}",
        n="Bo",
    )
    failures("set", "{% set x.y = 1 %}", "{% set d.y = 1 %}", "{% set a, b = 1 %}", "{% set 5 = 1 %}", "{% set x %}", d={"a": 1})
    expressions(
        "macro",
        "{% macro m(a, b=2, c='x') %}{{ a }}-{{ b }}-{{ c }};{% endmacro %}{{ m(1) }}{{ m(1, c=3) }}{{ m(a=5, b=6) }}{{ m() }}",
        "{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m('q') }}",
        "{% macro m() %}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, k=3) }}",
        "{% macro box(t) %}[{{ t }}:{{ caller() }}]{% endmacro %}{% call box('x') %}in {{ n }}{% endcall %}",
        "{% macro each(l) %}{% for x in l %}{{ caller(x, loop.index) }}{% endfor %}{% endmacro %}{% call(v, i) each(['a', 'b']) %}{{ i }}{{ v }} {% endcall %}",
        "{% macro fact(n) %}{% if n <= 1 %}1{% else %}{{ n * (fact(n - 1)|int) }}{% endif %}{% endmacro %}{{ fact(6) }}",
        "{% set g = 1 %}{% macro m() %}{{ g }}{% set g = 5 %}{{ g }}{% endmacro %}{{ m() }}{{ g }}{% set g = 2 %}{{ m() }}",
        "{% macro m(x) -%}\n  {{ x }}\n{%- endmacro %}[{{ m(1) ~ m(2) }}]{{ m(3)|length }}{{ m.name }}{{ m is callable }}",
        "{% for i in [1, 2] %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}",
        "{% macro m(a) %}{{ a.x }}{{ kwargs.y }}{% endmacro %}{{ m(*[{'x': 1}], **{'y': 2}) }}",
        n="Bo",
    )
    failures(
        "macro", "{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}", "{% macro m(a) %}{% endmacro %}{{ m(b=1) }}",
        "{% macro m(a=1, b) %}{% endmacro %}", "{% macro m() %}{% endmacro %}{% call m() %}x{% endcall %}",
        "{% macro m(a) %}{{ a.b.c }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ caller() }}{% endmacro %}{{ m() }}",
    )
    expressions(
        "blocks",
        "{% filter upper %}abc {{ n }}{% endfilter %}{% filter replace('a', 'b')|trim %} aa {% endfilter %}|",
        "{% raw %}{{ x }} {% if %}{% endraw %}|{% raw -%}  a  {%- endraw %}|",
        "a{# comment #}b{# multi\nline {{ x }} #}c{#- x -#}  d",
        "{% generation %}Hello {{ n }}{% set z = 1 %}{% endgeneration %}{{ z }}|",
        "{% print n %}{% for x in [1] %}{% generation %}{{ x }}{% endgeneration %}{% endfor %}",
        n="Bo",
    )
    failures(
        "blocks", "{% nope %}", "{{ x", "{% if x %}", "{# never closed", "{% raw %}x", "{{ 'open }}", "{{ (1 }}", "{{ 1 2 }}",
        "{% if %}x{% endif %}", "{{ }}", "{{ a | }}", "{{ a is }}", "{% include 'x' %}", "{% extends 'x' %}", "{{ [1, }}", "{{ ! }}",
    )
    expressions(
        "white space",
        "  {% if true %}\n  x\n  {% endif %}\n  y\n",
        "a\n  {%- if true %}\n  b\n  {%- endif %}\nc",
        "a  {{- 'x' -}}  b {{ 'y' }}\n",
        "a {%- if true -%} b {%- endif -%} c",
        "a\n    {%+ if true %}b{% endif +%}\nc\n",
        "x {% if true %} y {% endif %}\n z {# c #}\nw",
        "line1\n\n{% set x = 1 %}\n\nline2\n\n",
        "{% for i in [1,2] %}\n* {{ i }}\n{% endfor %}\nend",
        "\t{# c #}\n\t{% if true %}\n\t\tq\n\t{% endif %}\n",
        "a\r\nb\rc\n{{ 'x\r\ny' }}\r\n",
        "{{ 'a' }}\n{{ 'b' }}\n\n",
        "  {{ 1 }}  {%- set y = 2 +%}\n  {{ y }}",
        "{%- if true %} a {% endif -%}\n\n b {% raw %}\n c {%- endraw +%}\n d",
    )


def filter_cases():
    expressions(
        "text filters",
        "{{ 'Hello wORLD'|upper }} {{ 'Hello'|lower }} {{ 'hello wORLD-x (y'|title }} {{ 'hELLO x'|capitalize }}",
        "[{{ '  x y '|trim }}] [{{ 'xxaxx'|trim('x') }}] [{{ 5|trim }}]",
        "{{ 'aaa'|replace('a', 'b') }} {{ 'aaa'|replace('a', 'b', 2) }} {{ 'abc'|replace('', '-') }} {{ 121|replace(1, 3) }}",
        "{{ 'a\nb\n\nc'|indent }}|{{ 'a\nb'|indent(2, true) }}|{{ 'a\n\nb'|indent(1, blank=true) }}|{{ 'a\nb'|indent('> ') }}",
        "{{ 'foo bar baz qux'|truncate(9) }} {{ 'foo bar baz qux'|truncate(9, true) }} {{ 'foo bar baz qux'|truncate(11) }} {{ 'foo bar baz qux'|truncate(11, false, '..', 0) }}",
        "{{ 'one two  three, four-five'|wordcount }} [{{ 'x'|center(6) }}] [{{ 'xy'|center(7) }}]",
        "{{ '<a href=\"x\">&\\'</a>'|e }} {{ '<'|escape }} {{ '<b>'|safe }} {{ 'a b/c?d=é&'|urlencode }} {{ {'a b': 'c/d', 'e': 1}|urlencode }}",
        "{{ '%s-%s'|format('a', 5) }} {{ '%(k)s!'|format(k='v') }} {{ 3.14159|round(2) }} {{ '%.1f'|format(2.25) }}",
        "{{ 5|string ~ '1' }} {{ [1, 'a']|string }} {{ none|string }} {{ 'ß ǆ ΑΣ ΑΣ.'|upper }} {{ 'ΑΣ İ'|lower }} {{ 'ǆa éa'|title }}",
        "{{ 'abc'|reverse }} {{ 'abc'|list }} {{ 'abc'|first }}{{ 'abc'|last }} {{ 'abc'|length }} {{ 'a,b'|join('-') }}",
    )
    expressions(
        "number filters",
        "{{ -5|abs }} {{ -2.5|abs }} {{ '42'|int }} {{ '42.9'|int }} {{ 'x'|int }} {{ 'x'|int(7) }} {{ '0x1A'|int(0, 16) }} {{ 3.99|int }} {{ true|int }} {{ none|int }}",
        "{{ '1.5'|float }} {{ 'x'|float }} {{ 'x'|float(2.5) }} {{ 3|float }} {{ '1e3'|float }} {{ ' 7 '|int }} {{ '-3'|int }} {{ '1_0'|int }}",
        "{{ 42.55|round }} {{ 42.55|round(1) }} {{ 2.5|round }} {{ 3.5|round }} {{ 42.1|round(0, 'ceil') }} {{ 42.59|round(1, 'floor') }} {{ 7|round }} {{ 2.675|round(2) }} {{ 1234|round(-2) }}",
        "{{ [3, 1, 2]|sum }} {{ [1.5, 2]|sum }} {{ people|sum('age') }} {{ [1, 2]|sum(start=10) }} {{ []|sum }} {{ [[1], [2]]|sum(start=[]) }}",
        "{{ [3, 1, 2]|min }} {{ [3, 1, 2]|max }} {{ ['b', 'A']|min }} {{ ['b', 'A']|min(case_sensitive=true) }} {{ people|max(attribute='age') }} {{ []|min }}|",
        people=PEOPLE,
    )
    expressions(
        "list filters",
        "{{ [1, 2, 3]|first }} {{ [1, 2, 3]|last }} {{ []|first }}|{{ []|last }}|{{ [1, 2]|length }} {{ {'a': 1}|count }} {{ missing|length }}",
        "{{ [1, 'b', none]|join }} {{ ['a', 'b']|join(', ') }} {{ people|join('; ', attribute='name') }} {{ people|map(attribute='city.name')|join(',') }}",
        "{{ [3, 1, 2]|sort }} {{ [3, 1, 2]|sort(reverse=true) }} {{ ['b', 'A', 'c']|sort }} {{ ['b', 'A', 'c']|sort(case_sensitive=true) }} {{ people|sort(attribute='age,name')|map(attribute='name')|list }}",
        "{{ people|sort(attribute='age', reverse=true)|map(attribute='name')|list }} {{ people|map(attribute='age')|unique|list }} {{ ['a', 'A', 'b']|unique|list }} {{ [1, 1.0, 2]|unique|list }}",
        "{% for g in people|groupby('age') %}{{ g.grouper }}:{{ g.list|map(attribute='name')|join(',') }} {% endfor %}{% for age, l in people|groupby('age') %}{{ age }}{{ l|length }}{% endfor %}{{ people|groupby('city.name')|map('first')|list }}",
        "{{ [1, 2, 3, 4, 5]|batch(2)|list }} {{ [1, 2, 3, 4, 5]|batch(3, 0)|list }} {{ [1, 2, 3, 4, 5]|slice(3)|list }} {{ [1, 2, 3, 4]|slice(3, 'x')|list }}",
        "{{ people|selectattr('age', 'gt', 30)|map(attribute='name')|list }} {{ people|rejectattr('age', '==', 31)|list|length }} {{ people|selectattr('city')|list|length }} {{ [0, 1, '', 'a']|select|list }} {{ [1, 2, 3]|reject('odd')|list }}",
        "{{ ['a', 'b']|map('upper')|list }} {{ ['a', 'b']|map('replace', 'a', 'x')|join }} {{ [{'a': 1}, {}]|map(attribute='a', default='-')|list }} {{ ['1', '2']|map('int')|sum }} {{ [[1, 2], [3]]|map('length')|list }}",
        "{{ {'b': 1, 'A': 2}|dictsort }} {{ {'b': 1, 'A': 2}|dictsort(true) }} {{ {'b': 1, 'A': 2}|dictsort(by='value') }} {{ {'b': 1, 'A': 2}|dictsort(reverse=true) }} {{ {'x': 1}|items|list }}",
        "{{ [1, 2]|select('in', [2, 3])|list }} {{ [1, 2, 3]|select('divisibleby', 3)|list }} {{ [1, 2]|reverse|list }} {{ {'a': 1}|list }} {{ (1, 2)|list }} {{ [none, 1]|select('none')|list }}",
        "{% if people|selectattr('age', 'gt', 99) %}generators are true{% endif %} {{ (people|map(attribute='age'))[0] }}| {% set g = [1, 2]|map('abs') %}{{ g|first }}{{ g|list }}{{ g|list }}",
        "{{ missing|default('d') }} {{ ''|default('d') }}|{{ ''|default('d', true) }} {{ none|d('x') }} {{ none|d('x', true) }} {{ 0|default(5, boolean=true) }} {{ missing|d }}|",
        "{{ {'a': 1}|attr('items') is callable }} {{ {'a': 1}|attr('a') }}| {{ 'x'|attr('upper')() }}",
        people=PEOPLE,
    )
    expressions(
        "tojson",
        "{{ thing|tojson }}",
        "{{ thing|tojson(indent=2) }}",
        "{{ thing|tojson(indent=4, sort_keys=true) }}",
        "{{ thing|tojson(ensure_ascii=true) }} {{ '日本😀\\x7f\\x01'|tojson }} {{ '日本😀\\x7f\\x01'|tojson(ensure_ascii=true) }}",
        "{{ thing|tojson(separators=(',', ':')) }} {{ [1, 2]|tojson(indent='--') }} {{ [1.0, 1e20, -0.5]|tojson }} {{ (1, 2)|tojson }}",
        "{{ 'a'|tojson }} {{ none|tojson }} {{ 5|tojson }} {{ true|tojson }} {{ []|tojson(indent=2) }} {{ {'</script>': '<>&'}|tojson }}",
        thing=THING,
    )
    failures(
        "filters", "{{ missing|tojson }}", "{{ 'x'|nope }}", "{{ 5|length }}", "{{ 5|items|list }}", "{{ [1, 'a']|sort }}", "{{ 'x'|round }}",
        "{{ 5|first }}", "{{ [1]|map('nope')|list }}", "{{ ['a', 1]|sum }}", "{{ range(3)|tojson }}", "{{ 'x'|replace('a') }}",
        "{{ missing|int }}", "{{ [1]|map|list }}", "{{ '%d'|format('x') }}", "{{ '%s %s'|format(1) }}", "{{ [1, 2]|map('abs')|length }}",
    )
    expressions(
        "tests",
        "{{ x is defined }} {{ y is defined }} {{ y is undefined }} {{ y is not defined }} {{ none is none }} {{ x is none }} {{ d.k is defined }} {{ d.q is defined }}",
        "{{ 'a' is string }} {{ 1 is string }} {{ 1 is number }} {{ 1.5 is number }} {{ true is number }} {{ 1 is integer }} {{ true is integer }} {{ 1.0 is float }} {{ true is boolean }} {{ 1 is boolean }}",
        "{{ d is mapping }} {{ [] is mapping }} {{ [] is iterable }} {{ 'a' is iterable }} {{ 5 is iterable }} {{ [] is sequence }} {{ 'a' is sequence }} {{ d is sequence }} {{ 5 is sequence }} {{ y is iterable }}",
        "{{ 3 is odd }} {{ 4 is even }} {{ 9 is divisibleby 3 }} {{ 9 is divisibleby(2) }} {{ 'abc' is lower }} {{ 'ABC' is upper }} {{ 'aBc' is lower }} {{ '12' is lower }}",
        "{{ 1 is eq 1 }} {{ 1 is equalto(2) }} {{ 1 is ne 2 }} {{ 1 is lt 2 }} {{ 1 is le 1 }} {{ 2 is gt 1 }} {{ 2 is ge 3 }} {{ 1 is in [1, 2] }} {{ 'a' is in 'abc' }} {{ true is true }} {{ 1 is true }} {{ false is false }}",
        "{{ none is sameas none }} {{ true is sameas true }} {{ 1 is sameas 1.0 }} {{ x is callable }} {{ range is callable }} {{ y is callable }} {{ 'upper' is filter }} {{ 'nope' is filter }} {{ 'odd' is test }}",
        "{{ x is defined and x is number and not x is string }} {{ x is number or y }} {{ (x is number) == true }} {{ not y is defined }}",
        x=5,
        d={"k": None},
    )
    failures("tests", "{{ 1 is nope }}", "{{ 'a' is odd }}", "{{ 1 is divisibleby 0 }}", "{{ 1 is in 5 }}", "{{ 1 is defined is none }}")


def method_cases():
    expressions(
        "string methods",
        "[{{ '  a b '.strip() }}] [{{ 'xxaxx'.strip('x') }}] [{{ ' a '.lstrip() }}] [{{ ' a '.rstrip() }}] [{{ 'abcba'.lstrip('ab') }}] [{{ 'a\n\n'.rstrip('\n') }}]",
        "{{ 'a,b,c'.split(',') }} {{ 'a,b,c'.split(',', 1) }} {{ ' a  b '.split() }} {{ 'a b c'.split(none, 1) }} {{ 'a,b,c'.rsplit(',', 1) }} {{ 'abc'.split('x') }} {{ ''.split() }} {{ ''.split(',') }} {{ 'a--b--c'.split('--', maxsplit=1) }}",
        "{{ 'a\nb\r\nc\n'.splitlines() }} {{ 'a\nb'.splitlines(true) }} {{ ' a b  c '.rsplit(none, 1) }} {{ 'aXbXc'.partition('X') }} {{ 'aXbXc'.rpartition('X') }} {{ 'abc'.partition('x') }}",
        "{{ 'hello'.startswith('he') }} {{ 'hello'.endswith(('x', 'lo')) }} {{ 'hello'.startswith('l', 2) }} {{ ''.startswith('') }} {{ 'hello'.endswith('hell', 0, 4) }}",
        "{{ 'a-b-c'.replace('-', '+') }} {{ 'a-b-c'.replace('-', '+', 1) }} {{ 'ab'.replace('', '.') }} {{ 'aXb'.lower() }} {{ 'aXb'.upper() }} {{ \"it's a tItle\".title() }} {{ 'aBC dE'.capitalize() }} {{ 'aBc'.swapcase() }}",
        "{{ 'hello'.find('l') }} {{ 'hello'.rfind('l') }} {{ 'hello'.find('z') }} {{ 'hello'.count('l') }} {{ 'hello'.index('e') }} {{ 'hello'.find('l', 3) }} {{ 'aaaa'.count('aa') }} {{ 'abc'.count('') }}",
        "{{ ', '.join(['a', 'b']) }} {{ ''.join('abc') }} {{ '{} {}'.format('a', 1) }} {{ '{1}{0}{x}'.format('a', 'b', x='c') }} {{ '{:>5}|{:<5}|{:^5}|{:05d}|{:.2f}|{:,}|{!r}'.format('a', 'b', 'c', 42, 3.14159, 1234567, 'q') }}",
        "{{ '123'.isdigit() }} {{ 'abc'.isalpha() }} {{ 'a1'.isalnum() }} {{ ' '.isspace() }} {{ ''.isdigit() }} {{ 'AB'.isupper() }} {{ 'ab'.islower() }} {{ '²'.isdigit() }} {{ '½'.isnumeric() }} {{ '１'.isdecimal() }} {{ 'é'.isascii() }}",
        "{{ '42'.zfill(5) }} {{ '-42'.zfill(5) }} {{ 'x'.center(5, '*') }} {{ 'x'.ljust(3) }}| {{ 'x'.rjust(3, '.') }} {{ 'prefix-x'.removeprefix('prefix-') }} {{ 'x.py'.removesuffix('.py') }} {{ 'x'.removeprefix('y') }} {{ 'xy'.center(5, '-') }}",
        "{{ s.split('</think>')[-1].lstrip('\n') }}|{{ s.split('</think>')[0].rstrip('\n').split('<think>')[-1].lstrip('\n') }}|{{ '</think>' in s }}",
        "{{ 'x'.append }}|{{ [1].append }}|{{ 'a b'.split().0 }} {{ ('a' ~ 'b').upper() }} {{ '{{{0[k]}}}'.format({'k': 'v'}) }}",
        s="<think>\nhm\n</think>\n\nanswer",
    )
    expressions(
        "container methods",
        "{% for k, v in d.items() %}{{ k }}:{{ v }} {% endfor %}{{ d.keys()|list }} {{ d.values()|list }} {{ d.get('a') }} {{ d.get('z', 0) }} {{ d.copy() }} {{ d.items()|list }}",
        "{{ [1, 2, 1].count(1) }} {{ [1, 2].index(2) }} {{ (1, 2).index(1) }} {{ d.items() }} {{ d.keys() }} {{ d.values() }} {{ d.items()|length }}",
        "{{ t['items'] }} {{ t['keys']()|list }} {{ t.get('items') }}",
        "{{ dict(a=1, b='x') }} {{ dict({'a': 1}, b=2) }} {{ dict([('k', 'v')]) }} {% set j = joiner('|') %}{% for x in [1, 2, 3] %}{{ j() }}{{ x }}{% endfor %} {% set c = cycler('a', 'b') %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}",
        d={"a": 1, "b": [2]},
        t={"items": {"x": 1}, "values": 2},
    )
    failures(
        "methods", "{{ [1].append(2) }}", "{{ {'a': 1}.update({}) }}", "{{ {'a': 1}.pop('a') }}", "{{ [3, 1].sort() }}", "{{ 'a'.split('') }}",
        "{{ ','.join([1]) }}", "{{ 'a'.index('b') }}", "{{ [1].index(2) }}", "{{ 'a'.startswith(1) }}", "{{ '{}'.format() }}", "{{ 'a'.strip(1) }}",
        "{{ {}.setdefault('a', 1) }}", "{{ raise_exception('no') }}", "{{ range(1000000) }}", "{{ [].clear() }}", "{{ 'a'.center('x') }}",
    )
    expressions(
        "strftime",
        "{{ strftime_now('%Y-%m-%d') }} {{ strftime_now('%d %b %Y') }} {{ strftime_now('%H:%M:%S') }}",
        "{{ strftime_now('%A, %B %d, %Y %I:%M %p %a %j %y %-d %e %% %-I %F %T %u %w %U %W') }}",
        "{{ strftime_now(f) }}",
        f="%d/%m",
    )


MESSAGES = {
    "user": [{"role": "user", "content": "Hello, who are you?"}],
    "system": [{"role": "system", "content": "You are terse."}, {"role": "user", "content": "Hi"}],
    "turns": [
        {"role": "system", "content": "  Be nice.\n"},
        {"role": "user", "content": " What's 2+2? "},
        {"role": "assistant", "content": "It is **4**.\n"},
        {"role": "user", "content": "And 3 < 4 && \"x\"?"},
    ],
    "unicode": [
        {"role": "user", "content": "Grüße 👩‍👩‍👧 日本語 e\u0301\r\n\ttab\u00a0nbsp"},
        {"role": "assistant", "content": "<think>\nhmm, ünïcode\n</think>\n\nDa! 👋"},
        {"role": "user", "content": "\n\nодин <|im_end|> {{ x }} {% y %}\n"},
    ],
    "tools": [
        {"role": "system", "content": "Use tools."},
        {"role": "user", "content": "Weather in Łódź?"},
        {
            "role": "assistant",
            "content": "",
            "tool_calls": [
                {"id": "call00001", "type": "function", "function": {"name": "get_weather", "arguments": {"city": "Łódź", "days": 2}}},
            ],
        },
        {"role": "tool", "name": "get_weather", "tool_call_id": "call00001", "content": "{\"temp\": 21.5}"},
        {"role": "assistant", "content": "21.5 degrees."},
        {"role": "user", "content": "Thanks"},
    ],
}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "description": "The weather <now> & later",
            "parameters": {
                "type": "object",
                "properties": {
                    "city": {"type": "string", "description": "a city, e.g. \"Łódź\""},
                    "days": {"type": "integer", "enum": [1, 2, 3]},
                    "tags": {"type": "array", "items": {"type": "string"}},
                },
                "required": ["city"],
            },
        },
    }
]


def chat_cases(contexts):
    for name, messages in MESSAGES.items():
        for prompt in (True, False):
            context = {
                "messages": messages,
                "add_generation_prompt": prompt,
                "bos_token": "<s>",
                "eos_token": "</s>",
            }
            if name == "tools":
                context["tools"] = TOOLS
            contexts[name + ("" if prompt else " closed")] = context
    contexts["no thinking"] = {**contexts["user"], "enable_thinking": False}
    contexts["bad order"] = {**contexts["user"], "messages": [{"role": "user", "content": "a"}, {"role": "user", "content": "b"}]}
    cases = []
    for template in CHAT_TEMPLATES:
        for context in contexts:
            cases.append({"name": f"{template}: {context}", "file": template, "context_name": context})
    return cases


def render(env, source, context):
    try:
        return {"expected": env.from_string(source).render(**context)}
    except Exception:
        return {"error": True}


def main():
    syntax_cases()
    statement_cases()
    filter_cases()
    method_cases()
    env = transformers_jinja.environment(ImmutableSandboxedEnvironment, strftime_now)
    output = {"now": NOW, "contexts": {}, "cases": []}
    for entry in CASES:
        result = render(env, entry["template"], entry["context"])
        if entry["fails"] != ("error" in result):
            raise SystemExit(f"{entry['name']}: unexpected {result} for {entry['template']}")
        if not entry["context"]:
            del entry["context"]
        del entry["fails"]
        output["cases"].append(entry | result)
    for entry in chat_cases(output["contexts"]):
        result = render(env, CHAT_TEMPLATES[entry["file"]], output["contexts"][entry["context_name"]])
        output["cases"].append(entry | result)
    path = FIXTURES / "renders.json"
    path.write_text(json.dumps(output, ensure_ascii=False, separators=(",", ":")).replace("},{\"name\"", "},\n{\"name\"") + "\n")
    errors = sum("error" in entry for entry in output["cases"])
    print(f"{len(output['cases'])} cases, {errors} of them errors, {path.stat().st_size} bytes")


if __name__ == "__main__":
    main()
