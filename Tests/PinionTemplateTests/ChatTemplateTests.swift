import Foundation
import PinionTemplate
import Testing

@Suite("Chat templates") struct ChatTemplateTests {
    static func render(_ template: String, _ context: [TemplateName: TemplateValue] = [:]) throws -> String {
        try spans(template, context).map(\.text).joined()
    }

    static func spans(_ template: String, _ context: [TemplateName: TemplateValue] = [:]) throws -> [TextSpan] {
        try ChatTemplate(source: template).render(context, now: Date(timeIntervalSince1970: 1_753_106_646)).spans
    }

    @Test("Templates render as in Jinja2, and fail where it fails")
    func fixtures() throws {
        let fixtures = try RenderFixtures.load()
        #expect(fixtures.cases.count >= 400)
        for entry in fixtures.cases {
            do {
                let spans = try ChatTemplate(source: entry.template).render(entry.context, now: fixtures.now).spans
                let text = spans.map(\.text).joined()
                if let expected = entry.expected {
                    // Compared as bytes: equality of strings would hide differences of normalization.
                    let isEqual = Array(text.utf8) == Array(expected.utf8)
                    #expect(isEqual, "\(entry.name)\n\(entry.template)\n got: \(text)\nwant: \(expected)")
                } else {
                    Issue.record("\(entry.name) should fail: \(entry.template) gave \(text)")
                }
                for (left, right) in zip(spans, spans.dropFirst()) { #expect(left.origin != right.origin) }
                #expect(spans.allSatisfy { !$0.text.isEmpty })
            } catch {
                if entry.expected != nil { Issue.record("\(entry.name): \(error)\n\(entry.template)") }
                #expect(error.line != nil, "\(entry.name): \(error)")
            }
        }
    }

    @Test(
        "Errors name the line and column of the offending token",
        arguments: [
            ("{{ 1 +\n  }}", TemplateError.Code.syntax, 2, 3),
            ("a\nb {% nope %}", .syntax, 2, 6),
            ("{% if x %}\n  {% for y in z %}\n{% endif %}", .syntax, 3, 4),
            ("\n\n  {% include 'x' %}", .syntax, 3, 6),
            ("{% extends 'x' %}", .syntax, 1, 4),
            ("x\n{{ 'open }}", .syntax, 2, 4),
            ("{# open", .syntax, 1, 1),
            ("{% for x in y %}\nabc", .syntax, 1, 4),
            ("héé {{ a ! b }}", .syntax, 1, 10),
            ("{{ 99999999999999999999 }}", .syntax, 1, 4),
            ("ok\n{{ 1 + 'a' }}", .runtime, 2, 6),
            ("{% if true %}\n\n   {{ 'x' | nope }}\n{% endif %}", .runtime, 3, 13),
            ("{{ missing.a }}", .runtime, 1, 12),
            ("{{ [1].append(2) }}", .runtime, 1, 14),
            ("\r\n\r\n{{ raise_exception('stop') }}", .raised, 3, 19),
            ("{{ {[1]: 2} }}", .runtime, 1, 4),
            ("{% set a = 9223372036854775807 %}\n{{ a + 1 }}", .runtime, 2, 6),
        ])
    func positions(_ template: String, _ code: TemplateError.Code, _ line: Int, _ column: Int) throws {
        let error = #expect(throws: TemplateError.self) { try Self.render(template) }
        #expect(error?.code == code)
        #expect(error?.line == line, "\(String(describing: error))")
        #expect(error?.column == column, "\(String(describing: error))")
    }

    @Test("Tags of multi-file templates are refused by name")
    func unsupportedTags() {
        for tag in ["include", "import", "extends", "block", "from"] {
            let error = #expect(throws: TemplateError.self) { try Self.render("{% \(tag) x %}") }
            #expect(error?.message.contains("'\(tag)'") == true)
        }
    }

    @Test("raise_exception hands over the template's own words")
    func raised() {
        let error = #expect(throws: TemplateError.self) {
            try Self.render("{{ raise_exception('Only ' ~ n ~ ' turns') }}", ["n": TemplateValue(3)])
        }
        #expect(error?.code == .raised)
        #expect(error?.message == "Only 3 turns")
    }

    @Test("Arithmetic that does not fit in 64 bits is an error")
    func overflow() throws {
        for expression in [
            "9223372036854775807 + 1", "-9223372036854775807 - 2", "9223372036854775807 * 2", "10 ** 10 ** 10",
            "2 ** 63", "-(-9223372036854775807 - 1)", "(-9223372036854775807 - 1) // -1", "10.0 ** 400",
            "(-9223372036854775807 - 1)|abs", "1e300|int", "0 ** -1", "'x' * 9223372036854775807",
        ] {
            #expect(throws: TemplateError.self, "\(expression)") { try Self.render("{{ \(expression) }}") }
        }
        #expect(try Self.render("{{ (-9223372036854775807 - 1) % -1 }}") == "0")
        #expect(try Self.render("{{ 'abc'[-9223372036854775807:9223372036854775807:9223372036854775807] }}") == "a")
        #expect(try Self.render("{{ 'abc'[::-9223372036854775807] }}{{ 'abc'[-9223372036854775807] }}") == "c")
    }

    @Test(
        "Lists in variables of a template, or in its namespaces, take append and pop",
        arguments: [
            ("{% set l = [] %}{% set _ = l.append(1) %}{{ l.append('b') }}{{ l }}", "None[1, 'b']"),
            ("{% set l = [1, 2, 3] %}{{ l.pop() }}{{ l.pop(0) }}{{ l }}", "31[2]"),
            ("{% set l = [1, 2, 3] %}{{ l.pop(-2) }}{{ l }}", "2[1, 3]"),
            ("{% set l = [] %}{% for i in [1, 2] %}{% set _ = l.append(i) %}{% endfor %}{{ l }}", "[1, 2]"),
            (
                "{% set n = namespace(l=[]) %}{% set _ = n.l.append({'a': 'b'}) %}{{ n.l.pop().a | upper }}{{ n.l }}",
                "B[]"
            ),
            ("{% set l = ['a'] %}{% set _ = l.append(l.pop() ~ 'b') %}{{ l }}", "['ab']"),
            ("{% set l = [1] %}{% set _ = l.append(l) %}{{ l }}", "[1, [1]]"),
            ("{% set m = given %}{% set _ = m.append(2) %}{{ m }}{{ given }}", "[1, 2][1]"),
        ])
    func lists(_ template: String, _ expected: String) throws {
        #expect(try Self.render(template, ["given": .list([TemplateValue(1)])]) == expected)
    }

    @Test(
        "What a request gave, and what no variable holds, does not change",
        arguments: [
            "{{ given.append(2) }}", "{{ dict.list.append(2) }}", "{{ [1].append(2) }}",
            "{% set l = (1, 2) %}{{ l.pop() }}",
            "{% set l = [] %}{{ l.pop() }}", "{% set l = [1] %}{{ l.pop(1) }}", "{% set l = [1] %}{{ l.append() }}",
            "{% set l = [1] %}{{ l.clear() }}", "{% set n = namespace(l=1) %}{{ n.l.append(1) }}",
        ])
    func unchangeable(_ template: String) {
        let given = TemplateValue.list([TemplateValue(1)])
        #expect(throws: TemplateError.self) {
            try Self.render(template, ["given": given, "dict": .dict([("list", given)])])
        }
    }

    @Test("An integer beyond 64 bits is written as it is, and counted with as a real number")
    func bigIntegers() throws {
        for (expression, expected) in [
            ("n", "-12345678901234567890"), ("n|tojson", "-12345678901234567890"), ("[n]", "[-12345678901234567890]"),
            ("n is integer", "True"), ("n is float", "False"), ("n is number", "True"),
            ("n|int", "-12345678901234567890"),
            ("n|abs", "12345678901234567890"), ("n < 0", "True"), ("n == n", "True"), ("-n > 1", "True"),
            ("'yes' if n else 'no'", "yes"), ("'{}'.format(n)", "-12345678901234567890"),
        ] {
            let text = try Self.render("{{ \(expression) }}", ["n": .bigInteger("-12345678901234567890")])
            #expect(text == expected, "\(expression)")
        }
    }

    @Test("The clock is told in UTC, leap years and years before 1970 included")
    func clock() throws {
        let template = try ChatTemplate(source: "{{ strftime_now('%Y-%m-%d %H:%M:%S %j %a') }}")
        for (seconds, expected) in [
            (0.0, "1970-01-01 00:00:00 001 Thu"), (951_782_400, "2000-02-29 00:00:00 060 Tue"),
            (-1, "1969-12-31 23:59:59 365 Wed"), (4_107_542_399, "2100-02-28 23:59:59 059 Sun"),
            (1_735_689_599.5, "2024-12-31 23:59:59 366 Tue"), (1e300, "9999-12-31 23:59:59 365 Fri"),
        ] {
            let spans = try template.render([:], now: Date(timeIntervalSince1970: seconds)).spans
            #expect(spans.map(\.text).joined() == expected)
        }
    }

    @Test("One template renders on many threads at once")
    func concurrency() async throws {
        let template = try ChatTemplate(source: try RenderFixtures.template("qwen3"))
        let texts = try await withThrowingTaskGroup(of: (Int, String).self) { group in
            for number in 0..<64 {
                group.addTask {
                    let messages = TemplateValue([
                        TemplateValue([("role", TemplateValue("user")), ("content", TemplateValue("n\(number)"))])
                    ])
                    let context: [TemplateName: TemplateValue] = [
                        "messages": messages, "add_generation_prompt": TemplateValue(true),
                    ]
                    return (number, try template.render(context, now: Date()).spans.map(\.text).joined())
                }
            }
            return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
        }
        for number in 0..<64 {
            #expect(texts[number] == "<|im_start|>user\nn\(number)<|im_end|>\n<|im_start|>assistant\n")
        }
    }
}
