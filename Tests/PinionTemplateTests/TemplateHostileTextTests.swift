import PinionTemplate
import TestSupport
import Testing

/// Text of a request that would cost more than time in proportion to its length: many pieces, long runs of marks.
@Suite("Hostile text in chat templates", .serialized) struct TemplateHostileTextTests {
    private func expectQuick(_ template: String, _ context: [TemplateName: TemplateValue], within limit: Double = 1) {
        let seconds = HostileText.seconds {
            do {
                _ = try ChatTemplateTests.spans(template, context)
            } catch {
                #expect((error as? TemplateError)?.line != nil, "\(template): \(error)")
            }
        }
        #expect(seconds < limit, "\(template)")
    }

    /// The template's commas between 45,000 words of the request: 90,000 pieces of alternating origin.
    private static let words: [TemplateName: TemplateValue] = [
        "words": .list((0..<45_000).map { TemplateValue("w\($0 % 7) ") })
    ]

    @Test(
        "A string of 90,000 pieces costs time in proportion to its length, whatever is done with it",
        arguments: [
            "s.split(',')|length", "s.rsplit(',')|length", "s.split()|length", "s.rsplit()|length", "s.split(',', 9)",
            "s.splitlines()|length", "s.partition(',')[0]", "s.rpartition(',')[2]", "s|list|length", "s[1:]|length",
            "s[::-1]|length", "s[::2]|length", "s[100:90000]|length", "s.replace(',', '\n')|length",
            "s|replace('w', '')|length", "s.strip(',')|length", "s|trim|length", "s.find('zz')", "s.count(',')",
            "s.startswith('w', 5)", "s.endswith(' ')", "s.upper()|length", "s|lower|length", "s|title|length",
            "s|capitalize|length", "s.swapcase()|length", "s|escape|length", "s|urlencode|length", "s|tojson|length",
            "s|wordcount", "s|indent|length", "s|truncate(1000)|length", "s|center(400000)|length",
            "s.zfill(400000)|length",
            "s|reverse|length", "s|first ~ s|last", "s.split(',')|join(';')|length", "(s ~ s)|length", "(s * 3)|length",
            "s == s ~ ''", "s < s ~ 'a'", "'w3' in s", "s.removeprefix('w')|length", "s|batch(9)|list|length",
            "s|unique|list|length", "s|sort|length", "s|string|length", "('%s' % s)|length", "'{}'.format(s)|length",
            "s.join(['a', 'b'])|length", "{s: 1}[s]", "s|replace(s, 'x')", "s|map('upper')|list|length",
        ])
    func pieces(_ expression: String) {
        expectQuick("{% set s = words|join(',') %}{{ \(expression) }}", Self.words)
    }

    @Test("Loops over and cuts through a string of many pieces keep each piece's origin")
    func origins() throws {
        let spans = try ChatTemplateTests.spans(
            "{% set s = words|join(',') %}{{ s.split(',')[5] }}<{{ s[3:8] }}>{{ s[-3:] }}{{ s[4:4] }}", Self.words)
        let text = spans.map { $0.origin == .template ? "T(\($0.text))" : "R(\($0.text))" }.joined()
        #expect(text == "R(w5 )T(<,)R(w1 )T(,>)R(w3 )")
        expectQuick("{% set s = words|join(',') %}{% for c in s %}{{ c }}{% endfor %}", Self.words)
    }

    @Test(
        "Combining marks cost time in proportion to their length wherever a template compares them",
        arguments: [
            "m == n", "m != n", "m < n", "m in n", "n in m", "[n, m]|sort|length", "[n, m]|unique|list|length",
            "[m, n]|max|length", "m|round(1, m)", "1.5|round(1, m)", "{}|dictsort(by=m)", "[1]|map(m)|list",
            "[1]|select(m)|list", "[1]|selectattr(m)|list", "{}|attr(m)", "m|attr(n)", "{m: 1, n: 2}[m]",
            "{m: 1}.get(n)",
            "{}[m]", "m in {n: 1}", "wide[m]", "wide.get(m)", "m in wide", "dict([[m, 1], [n, 2]])[m]",
            "'%(x)s' % {m: 1}",
            "namespace({m: 1})", "dict(**{m: 1})", "m.format(m)", "'{x}'.format(**{m: 1})", "m % {n: 1}", "m is filter",
            "m is test", "m is eq(n)", "m is sameas(n)", "m.startswith(n)", "m.split(n)|length",
            "m.replace(n, '')|length",
            "m|tojson|length", "{m: 1, n: 2}|tojson(sort_keys=true)|length", "m|int", "m|float", "m.strip(n)|length",
            "m|upper|length", "m|title|length", "strftime_now(m)|length", "raise_exception(m)",
            "[{'a': m}, {'a': n}]|groupby('a')|length",
            "['x']|map(attribute=m)|list", "m|urlencode|length", "m|wordcount", "1|format(m)", "range(m)",
            "m|default(n)|length",
        ])
    func marks(_ expression: String) {
        let marks = HostileText.marks(bytes: 1 << 20)
        let wide = TemplateValue((0..<20).map { ("key\($0)", TemplateValue($0)) })
        // Half a million scalars each: what cannot be done in the steps there are ends in an error.
        expectQuick(
            "{{ \(expression) }}", ["m": TemplateValue(marks), "n": TemplateValue(marks + "\u{316}"), "wide": wide])
    }

    @Test("Thousands of variables with names of marks are found in time proportional to their length")
    func names() throws {
        let slowdown = try HostileText.slowdown(bytes: 1_000) { name in
            var context: [TemplateName: TemplateValue] = [:]
            for number in 0..<2_000 { context[TemplateName("\(name)\(number)")] = TemplateValue(number) }
            _ = try ChatTemplateTests.render("{{ caf\u{E9} }}|{{ cafe\u{301} }}", context)
        }
        #expect(slowdown < 5)
        let both: [TemplateName: TemplateValue] = ["caf\u{E9}": TemplateValue(1), "cafe\u{301}": TemplateValue(2)]
        #expect(try ChatTemplateTests.render("{{ caf\u{E9} }}|{{ cafe\u{301} }}", both) == "1|2")
        let parsing = try HostileText.slowdown(bytes: 350) { name in
            let source = (0..<1_000).map { "{{ \(name)\($0).\(name)|default(1) }}" }.joined()
            _ = try ChatTemplate(source: source)
        }
        #expect(parsing < 5)
        #expect(throws: TemplateError.self) { try ChatTemplate(source: "{{ \(HostileText.marks(bytes: 900)) }}") }
    }

    @Test("NaN, which equals no key, is no key: tens of thousands of them would be searched whole for each")
    func notANumberAsKey() {
        let nan = "{%- set n = 1e308 * 1e10 - 1e308 * 1e10 -%}"
        for template in ["{{ {n: 1} }}", "{{ dict([[n, 1]] * 80000)|length }}"] {
            let seconds = HostileText.seconds {
                let error = #expect(throws: TemplateError.self) { try ChatTemplateTests.render(nan + template) }
                #expect(error?.code == .runtime)
            }
            #expect(seconds < 1)
        }
    }

    @Test("An error repeats at most 80 bytes of the request's text, and all of the template's")
    func quoting() {
        let context: [TemplateName: TemplateValue] = ["x": TemplateValue(HostileText.marks(bytes: 30_000))]
        let words = String(repeating: "own words ", count: 30)
        let raised = #expect(throws: TemplateError.self) {
            try ChatTemplateTests.render("{{ raise_exception('\(words)' ~ x ~ '!' ~ x) }}", context)
        }
        #expect(raised?.message.utf8.starts(with: (words + "a\u{301}").utf8) == true)
        #expect(raised.map { $0.message.utf8.count <= words.utf8.count + 80 + "…!".utf8.count } == true)
        for template in [
            "{{ {}[x].y }}", "{{ [1]|map(x)|list }}", "{{ [1]|select(x)|list }}", "{{ ('%(' ~ x ~ ')s') % {} }}",
            "{{ ('{' ~ x ~ '}').format(a=1) }}", "{{ 'a'.strip(**{x: 1}) }}", "{{ [1]|join(**{x: 1}) }}",
            "{{ ({}|attr(x)) + 1 }}", "{{ dict(a=1, **{x: 1, 'a': 2}) }}", "{{ '{0.k}'.format(**{x: 1}) }}",
        ] {
            let error = #expect(throws: TemplateError.self, "\(template)") {
                try ChatTemplateTests.render(template, context)
            }
            #expect(error.map { $0.message.utf8.count < 250 } == true, "\(template): \(error?.message.utf8.count ?? 0)")
        }
    }
}
