import Foundation
import PinionTemplate
import Testing
import TestSupport

@Suite("Limits of chat templates", .serialized) struct TemplateLimitTests {
    /// Renders, whatever comes of it, and returns the error and the seconds it took.
    private func attempt(_ template: String, _ context: [TemplateName: TemplateValue] = [:]) -> (TemplateError?, Double)
    {
        let start = processorTime()
        var failure: TemplateError?
        do {
            _ = try ChatTemplateTests.render(template, context)
        } catch { failure = error as? TemplateError }
        return (failure, (processorTime() - start) / .seconds(1))
    }

    static let costly: [String] = [
        "{{ 'a' * 10**9 }}", "{{ 'a' * 10**18 }}", "{{ [0] * 10**9 }}", "{{ range(10**9) }}",
        "{{ range(10**18)|list }}",
        "{{ range(-9223372036854775807, 9223372036854775807) }}",
        "{% for i in range(10**9) %}x{% endfor %}",
        "{% for i in range(10000) %}{% for j in range(10000) %}{% for k in range(10000) %}{% endfor %}{% endfor %}{% endfor %}",
        "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "{% macro m() %}{{ m() }}{{ m() }}{% endmacro %}{{ m() }}",
        "{% macro m(n) %}{% if n %}{{ m(n - 1) }}{{ m(n - 1) }}{% endif %}{% endmacro %}{{ m(15) }}{{ m(15) }}{{ m(15) }}{{ m(15) }}{{ m(15) }}",
        "{% set ns = namespace(s='abcdefgh') %}{% for i in range(100) %}{% set ns.s = ns.s + ns.s %}{% endfor %}",
        "{% set ns = namespace(s='abcdefgh') %}{% for i in range(100) %}{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
        "{% set ns = namespace(l=[1]) %}{% for i in range(100) %}{% set ns.l = ns.l + ns.l %}{% endfor %}",
        "{% set ns = namespace(s='a' * 4000000) %}{% for i in range(100000) %}{% set ns.s = ns.s ~ 'a' %}{% endfor %}",
        "{% set ns = namespace(s='a' * 4000000) %}{% for i in range(100000) %}{% set ns.s = ns.s + 'a' %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{% set t = s[1:] %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{% set t = s|upper %}{% endfor %}",
        "{% set s = 'é' * 4000000 %}{% for i in range(100000) %}{% set t = s|title %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{% set t = 'b' in s %}{% endfor %}",
        "{% set s = 'a' * 4000000 %}{% for i in range(100000) %}{% set t = s == s[1:] ~ 'a' %}{% endfor %}",
        "{% set s = 'a' * 2000000 %}{{ (s ~ 'b') in (s ~ s) }}{{ (s ~ s).rfind('b' ~ s) }}{{ (s ~ s).count(s[1:]) }}{% for i in range(100000) %}{{ s.find(s[1:]) }}{% endfor %}",
        "{% set s = 'a' * 1000000 %}{{ s.replace('a', s) }}", "{% set s = 'a' * 1000000 %}{{ s.replace('', s) }}",
        "{% set s = 'a' * 1000000 %}{{ s|replace('a', 'bbbbbbbb') }}",
        "{% set s = 'a' * 1000000 %}{{ range(1000)|join(s) }}",
        "{% set s = 'a' * 1000000 %}{{ s.join(s) }}", "{% set s = 'a' * 1000000 %}{{ [s, s, s, s, s]|join }}",
        "{% set s = 'a' * 1000000 %}{{ [s, s, s, s, s] }}",
        "{% set s = 'a' * 1000000 %}{{ [s, s, s, s, s]|tojson }}",
        "{% set s = 'a' * 1000000 %}{{ '%s%s%s%s%s'|format(s, s, s, s, s) }}",
        "{% set s = 'a' * 1000000 %}{{ '{0}{0}{0}{0}{0}'.format(s) }}", "{{ '{:1000000000}'.format(1) }}",
        "{{ '%1000000000d' % 1 }}", "{{ '%.1000000000f' % 1 }}",
        "{% set s = 'a' * 1000000 %}{{ s }}{{ s }}{{ s }}{{ s }}{{ s }}",
        "{% set s = 'é' * 1000000 %}{{ s }}{{ s }}{{ s }}", "{% set s = '%Y' * 2000000 %}{{ strftime_now(s) }}",
        "{{ 'a'|center(10**9) }}", "{{ 'a'.center(10**9) }}", "{{ 'a'.zfill(10**9) }}", "{{ 'a'.ljust(10**9) }}",
        "{{ 'a'|indent(10**9) }}", "{{ 'a'|indent(10**9, true) }}",
        "{{ ('a\n' * 10000)|indent(1000) }}", "{{ 10**10**10 }}", "{{ [1]|tojson(indent=10**9) }}",
        "{{ [1]|batch(10**9, 0)|list }}", "{{ [1]|slice(10**9)|list }}",
        "{{ 1.5|round(10**9) }}",
        "{% set ns = namespace(l=[]) %}{% for i in range(1000) %}{% set ns.l = [ns.l] %}{% endfor %}",
        "{% set ns = namespace(l={}) %}{% for i in range(1000) %}{% set ns.l = {'k': ns.l} %}{% endfor %}",
        "{% set ns = namespace(l=1) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l }}",
        "{% set ns = namespace(l=1) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}{% endfor %}{{ ns.l|tojson }}",
        "{% set a = namespace(l=1) %}{% set b = namespace(l=1) %}{% for i in range(60) %}{% set a.l = [a.l, a.l] %}{% set b.l = [b.l, b.l] %}{% endfor %}{{ a.l == b.l }}",
        "{% set ns = namespace() %}{% set ns.self = ns %}{{ ns }}",
        "{% set ns = namespace() %}{% set ns.self = [ns, ns] %}{{ ns }}",
        "{% for x in ['a'] recursive %}{{ loop([x]) }}{% endfor %}",
        "{% set x = range(100000)|list %}{% for i in x %}{% set y = x|sort %}{% endfor %}",
        "{% for i in range(100000) %}{% for c in 'a' * 100000 %}{% endfor %}{% endfor %}",
        "{{ ('a,' * 1000000).split(',') }}", "{{ ('a ' * 1000000).split() }}",
        "{{ ('a' * 4000000)|list }}", "{{ ('a\n' * 1000000).splitlines() }}",
        "{% set l = range(100000)|list %}{% for i in l %}{{ i in [-1] }}{{ -1 in l }}{% endfor %}",
        "{% macro a() %}{{ b() }}{% endmacro %}{% macro b() %}{{ a() }}{% endmacro %}{{ a() }}",
        "{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}{% call m() %}{{ range(10**7) }}{% endcall %}{% endcall %}",
        "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
        "{% set l = range(50000)|list %}{{ l|map('string')|unique|list|length }}{% for i in l %}{{ l|unique|list|length }}{% endfor %}",
        "{% set l = range(50000)|list %}{% for i in range(100000) %}{% set _ = l.append(i) %}{% set _ = l.pop(0) %}{% endfor %}",
        "{% set ns = namespace(o=none) %}{% for i in range(100000) %}{% set ns.o = namespace(o=ns.o) %}{% endfor %}{{ ns.o.o.o is none }}{{ ns }}",
    ]

    @Test("What would cost too much ends in an error within a second", arguments: costly)
    func costlyTemplates(_ template: String) {
        let (error, seconds) = attempt(template)
        #expect(error != nil)
        #expect(seconds < 1)
    }

    @Test("Quadratic work on a request's text is refused or quick")
    func longContext() {
        let text = String(repeating: "ab", count: 500_000)
        let many = TemplateValue((0..<100_000).map { TemplateValue([("role", TemplateValue("r\($0)"))]) })
        let wide = TemplateValue((0..<100_000).map { ("key\($0)", TemplateValue($0)) })
        let context: [TemplateName: TemplateValue] = [
            "x": TemplateValue(text), "y": TemplateValue(text + "c"), "many": many, "wide": wide,
        ]
        for template in [
            "{{ x in y }}{{ y in x }}", "{{ x.replace(y, '') == x }}", "{{ x.split('a')|length }}", "{{ x|wordcount }}",
            "{{ x.strip(y) }}", "{{ x|tojson|length }}",
            "{% for m in many %}{{ m.role in wide }}{% endfor %}", "{{ wide|tojson(sort_keys=true)|length }}",
            "{{ wide|dictsort|length }}", "{{ many|groupby('role')|length }}",
            "{{ wide == wide }}{{ many == many }}", "{{ many|map(attribute='role')|unique|list|length }}",
            "{{ x|title|length }}", "{{ y[::-1][::-1] == y }}",
        ] {
            let (error, seconds) = attempt(template, context)
            #expect(seconds < 1, "\(template)")
            #expect(error == nil || error?.code == .limitExceeded, "\(template)")
        }
    }

    static let nested: [(name: String, open: String, middle: String, close: String)] = [
        ("parentheses", "(", "1", ")"), ("lists", "[", "1", "]"), ("dicts", "{'a': ", "1", "}"),
        ("not", "not ", "1", ""),
        ("minus", "- ", "1", ""), ("calls", "x(", "1", ")"), ("subscripts", "x[", "1", "]"),
        ("filters", "1|default(", "1", ")"),
        ("tests", "1 is eq(", "1", ")"), ("conditions", "1 if (", "1", ") else 2"), ("powers", "2 ** (", "1", ")"),
        ("every precedence", "1 or 1 and not 1 < 1 + 1 ~ 1 * 1 ** (", "1", ")"),
    ]

    @Test("Expressions may nest 40 levels deep and fail beyond the limit", arguments: nested.map(\.name))
    func nesting(_ name: String) throws {
        let (_, open, middle, close) = try #require(Self.nested.first { $0.name == name })
        func source(_ depth: Int) -> String {
            "{% if false %}{{ " + String(repeating: open, count: depth) + middle
                + String(repeating: close, count: depth)
                + " }}{% endif %}"
        }
        if name != "every precedence" { #expect(throws: Never.self) { try ChatTemplate(source: source(40)) } }
        for depth in [101, 5_000, 20_000] {
            let error = #expect(throws: TemplateError.self) { try ChatTemplate(source: source(depth)) }
            #expect(error?.code == .limitExceeded)
            #expect(error?.line == 1)
        }
    }

    @Test("Statements nest up to the limit")
    func statementNesting() throws {
        func source(_ depth: Int) -> String {
            String(repeating: "{% if true %}", count: depth) + "x" + String(repeating: "{% endif %}", count: depth)
        }
        #expect(try ChatTemplateTests.render(source(90)) == "x")
        let error = #expect(throws: TemplateError.self) { try ChatTemplate(source: source(101)) }
        #expect(error?.code == .limitExceeded)
    }

    @Test("Chains may be long: they cost no nesting")
    func chains() throws {
        let count = 3_000
        #expect(try ChatTemplateTests.render("{{ 1" + String(repeating: " + 1", count: count) + " }}") == "3001")
        #expect(
            try ChatTemplateTests.render("{{ 'a'" + String(repeating: " ~ 'a'", count: count) + " }}").utf8.count
                == count + 1)
        #expect(try ChatTemplateTests.render("{{ 'a'" + String(repeating: "|upper", count: count) + " }}") == "A")
        #expect(try ChatTemplateTests.render("{{ 'a'" + String(repeating: ".strip()", count: count) + " }}") == "a")
        #expect(try ChatTemplateTests.render("{{ 0" + String(repeating: " or 0", count: count) + " }}") == "0")
        #expect(
            try ChatTemplateTests.render("{{ " + String(repeating: "1 if false else ", count: count) + "2 }}") == "2")
        #expect(
            try ChatTemplateTests.render(
                "{% if false %}" + String(repeating: "{% elif false %}", count: count) + "{% else %}x{% endif %}")
                == "x")
        #expect(throws: TemplateError.self) {
            try ChatTemplateTests.render("{{ 1" + String(repeating: " if true", count: count) + " }}")
        }
    }

    @Test("A source over 1 MB is refused before it is read")
    func sourceLength() {
        let error = #expect(throws: TemplateError.self) {
            try ChatTemplate(source: String(repeating: "a", count: TemplateLimits.sourceLength + 1))
        }
        #expect(error?.code == .limitExceeded)
        #expect(throws: Never.self) {
            try ChatTemplate(source: String(repeating: "{{a}}", count: TemplateLimits.sourceLength / 5))
        }
    }

    @Test("Macros may recurse some way, as templates that print schemas do")
    func macroRecursion() throws {
        let template = """
            {% macro show(s) %}{% if s.items is defined and s['items'] is mapping %}[{% for x in [s['items']] %}{{ show(x) }}{% endfor %}]{% else %}{{ s.type }}{% endif %}{% endmacro %}{{ show(schema) }}
            """
        var schema = TemplateValue([("type", TemplateValue("int"))])
        for _ in 0..<15 { schema = TemplateValue([("type", TemplateValue("array")), ("items", schema)]) }
        let text = try ChatTemplateTests.render(template, ["schema": schema])
        #expect(text == String(repeating: "[", count: 15) + "int" + String(repeating: "]", count: 15))
    }

    @Test("A context nested deeper than the limit is refused")
    func deepContext() {
        var value = TemplateValue(1)
        for _ in 0..<101 { value = TemplateValue([value]) }
        let error = #expect(throws: TemplateError.self) { try ChatTemplateTests.render("{{ x }}", ["x": value]) }
        #expect(error?.code == .limitExceeded)
    }

    /// Templates that use as much stack as they can, and the error that stops them; nil where they render.
    static let deep: [(template: String, code: TemplateError.Code?)] = {
        let macro =
            "{% macro m(x) %}{% for i in [1] %}{% if true %}{{ ((([m(x=[x|default(m(1))])])))|map('string')|join }}{% endif %}{% endfor %}{% endmacro %}{{ m(1) }}"
        let blocks = String(repeating: "{% filter upper %}{% set y %}{% with a = 1 %}{% for i in [1] %}", count: 20)
        let ends = String(repeating: "{% endfor %}{% endwith %}{% endset %}{% endfilter %}", count: 20)
        let endless = [
            macro, "{% macro m(x=m()) %}{% endmacro %}{{ m() }}",
            "{% macro m(x=[m()|string]) %}{% endmacro %}{{ m() }}",
            "{% macro m() %}{{ caller() }}{% endmacro %}{% macro n() %}{% call m() %}{{ n() }}{% endcall %}{% endmacro %}{{ n() }}",
            "{% for x in [[1]] recursive %}{{ [loop([x])] }}{% endfor %}",
        ]
        let wrong = ["{{ [[1]]|map('map', " + String(repeating: "'map', ", count: 2_000) + "'abs')|list }}"]
        let sound = [
            blocks + "x" + ends,
            "{{ " + String(repeating: "[", count: 95) + String(repeating: "]", count: 95) + " }}",
            "{% set a = " + String(repeating: "[", count: 95) + String(repeating: "]", count: 95)
                + " %}{{ a == a }}{{ a < a }}{{ a|tojson(indent=1)|length }}{{ a|string|length }}",
            "{{ " + String(repeating: "(1 or 1 and not 1 < 1 + 1 ~ 1 * 1 ** ", count: 10) + "1"
                + String(repeating: ")", count: 10) + " }}",
            "{{ " + String(repeating: "{'a': 1|default([1] is eq(", count: 20) + "1"
                + String(repeating: "))}", count: 20) + " }}",
            "{{ " + String(repeating: "[1]|map('default', ", count: 90) + "1" + String(repeating: ")|list", count: 90)
                + " }}",
        ]
        return endless.map { ($0, .limitExceeded) } + wrong.map { ($0, .runtime) } + sound.map { ($0, nil) }
    }()

    @Test("The deepest nesting fits on a stack of 256 KB: it renders, or ends in the error that it should")
    func smallStack() async {
        for (template, code) in Self.deep {
            let error = await withCheckedContinuation { continuation in
                let thread = Thread { continuation.resume(returning: attempt(template).0) }
                thread.stackSize = 256 << 10
                thread.start()
            }
            #expect(error?.code == code, "\(template.prefix(100)): \(error?.description ?? "renders")")
        }
    }

    @Test("Rendering is work too, and ends where its meter ends it")
    func rendering() throws {
        let template = try ChatTemplate(source: "{% for i in range(90000) %}{{ i }}{% endfor %}")
        var work = 0
        _ = try template.render([:], now: Date(), meter: RenderMeter { work += $0 })
        #expect(work > 90_000)
        let error = #expect(throws: TemplateError.self) {
            try template.render(
                [:], now: Date(),
                meter: RenderMeter { _ throws(TemplateError) in throw TemplateError(.abandoned, "enough") })
        }
        #expect(error?.code == .abandoned)
    }
}
