import PinionTemplate
import TestSupport
import Testing

/// Every filter, test, method and operator with values at the ends of their ranges: an error or a result, no trap.
@Suite("Extreme values in chat templates", .serialized) struct TemplateExtremeTests {
    /// Given by the context, since a literal cannot be the least integer.
    static let values: [(name: TemplateName, value: TemplateValue)] = {
        let integers: [Int] = [
            .min, .min + 1, -1 << 62, Int(Int32.min), -1_001, -1, 0, 1, 2, 63, 64, 1_000, 1_001, Int(Int32.max),
            1 << 53,
            1 << 62, .max - 1, .max,
        ]
        let reals: [Double] = [
            -.infinity, -1e308, -9.3e18, -1.5, -0.0, 5e-324, 0.5, 1.5, 9.3e18, 1e308, .infinity, .nan,
        ]
        let texts = [
            "", "a", "ab c\nd", "12", "-9223372036854775808", "9223372036854775808", "0x7fffffffffffffff", "1e400",
            "%s %d", "%.1000f", "{}{0}", "{:1000}", "日本 \u{130}ß", HostileText.marks(bytes: 2_000),
        ]
        let number = TemplateValue(Int.min)
        let collections: [TemplateValue] = [
            .list([]), .list([number, TemplateValue(Int.max)]), .list([TemplateValue("b"), TemplateValue("a")]),
            .list([TemplateValue(1), TemplateValue("a"), .null]), .list([.list([number, number])]), .dict([]),
            .dict([("a", number), ("b", TemplateValue("x"))]),
        ]
        let all =
            integers.map { TemplateValue($0) } + reals.map { TemplateValue($0) } + texts.map { TemplateValue($0) }
            + collections + [.null, TemplateValue(true), TemplateValue(false)]
        return all.enumerated().map { (TemplateName("v\($0)"), $1) }
    }()

    static let filters = [
        "abs", "attr", "batch", "capitalize", "center", "count", "default", "dictsort", "escape", "first", "float",
        "format", "groupby", "indent", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min",
        "reject", "rejectattr", "replace", "reverse", "round", "select", "selectattr", "slice", "sort", "string",
        "sum", "title", "tojson", "trim", "truncate", "unique", "upper", "urlencode", "wordcount",
    ]
    static let tests = [
        "defined", "none", "string", "number", "integer", "float", "boolean", "mapping", "iterable", "sequence",
        "callable", "lower", "upper", "odd", "even", "divisibleby", "filter", "test", "eq", "ne", "lt", "le", "gt",
        "ge", "in", "sameas",
    ]
    static let methods = [
        "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "partition", "rpartition", "startswith",
        "endswith", "replace", "lower", "upper", "title", "capitalize", "casefold", "swapcase", "find", "rfind",
        "index", "rindex", "count", "join", "format", "isdigit", "isalnum", "isupper", "zfill", "center", "ljust",
        "rjust", "removeprefix", "removesuffix", "get", "items", "keys", "values", "copy",
    ]
    /// `A`, `B`, `C` and `D` stand for values.
    static let expressions = [
        "A + B", "A - B", "A * B", "A / B", "A // B", "A % B", "A ** B", "A ~ B", "-A", "+A", "not A", "A == B",
        "A < B", "A >= B", "A in B", "A[B]", "A[B:]", "A[:B]", "A[::B]", "A[B:C]", "A[B:C:D]", "A.0", "range(A)|length",
        "range(A, B)|length", "range(A, B, C)|list|length", "'%d' % A", "'%5.3f|%x|%c' % (A, B, C)", "'%s' % A",
        "'{:d}'.format(A)", "'{:,}'.format(A)", "'{:+08.3f}'.format(A)", "'{:x}'.format(A)", "'{0[1]}'.format(A)",
        "A % B", "dict([[A, B], [C, D]])", "{A: B, C: D}", "{A: B}[C]", "{A: B, C: D}|tojson(sort_keys=true)",
        "{A: B, C: D}|dictsort", "A in {B: C}", "{A: B}.get(C, D)", "namespace(x=A).x", "cycler(A, B).next()",
        "joiner(A)()", "strftime_now(A)", "A|round(B, 'ceil')", "A|round(B, 'floor')", "A|tojson(indent=B)",
        "A|tojson(separators=(B, C))", "A|truncate(B, true, '', C)", "A|indent(B, true, true)", "A|batch(B, C)|list",
        "A|slice(B, C)|list", "A|sum(start=B)", "A|int(B, C)", "A|int(base=B)", "A|replace(B, C, D)",
        "A|map('round', B)|list", "A|map(attribute=B)|list", "A|select('divisibleby', B)|list", "A|sort(attribute=B)",
    ]

    private static let context = Dictionary(uniqueKeysWithValues: values.map { ($0.name, $0.value) })

    /// Renders with values put in for the letters; whatever comes of it, it comes within a second.
    private func sweep(_ templates: [String], rounds: Int, seed: UInt64) {
        var generator = SeededGenerator(seed: seed)
        for template in templates {
            for _ in 0..<rounds {
                var text = "{{ "
                for scalar in template.unicodeScalars {
                    if ("A"..."D").contains(scalar) {
                        let value = Self.values[Int.random(in: 0..<Self.values.count, using: &generator)]
                        text += value.name.text
                    } else {
                        text.unicodeScalars.append(scalar)
                    }
                }
                text += " }}"
                let seconds = HostileText.seconds { _ = try? ChatTemplateTests.render(text, Self.context) }
                if seconds > 1 { Issue.record("\(text) took \(seconds) s") }
            }
        }
    }

    @Test("Filters")
    func sweepFilters() {
        let templates = Self.filters.flatMap { name in
            ["A|\(name)", "A|\(name)(B)", "A|\(name)(B, C)", "A|\(name)(B, C, D)"].map { $0 + "|string" }
        }
        sweep(templates, rounds: 120, seed: 1)
    }

    @Test("Tests")
    func sweepTests() {
        sweep(Self.tests.flatMap { ["A is \($0)", "A is \($0)(B)"] }, rounds: 60, seed: 2)
    }

    @Test("Methods")
    func sweepMethods() {
        let templates = Self.methods.flatMap { name in
            ["A.\(name)()", "A.\(name)(B)", "A.\(name)(B, C)", "A.\(name)(B, C, D)"]
        }
        sweep(templates, rounds: 120, seed: 3)
    }

    @Test("Operators, slices, formats, maps and functions")
    func sweepExpressions() {
        sweep(Self.expressions, rounds: 250, seed: 4)
    }

    @Test("The least integer is a precision that round refuses, also from a request")
    func round() {
        let context: [TemplateName: TemplateValue] = ["p": TemplateValue(Int.min), "q": TemplateValue(Int.max)]
        for template in ["{{ 1.5|round(p) }}", "{{ 1.5|round(q) }}", "{{ 7|round(p, 'ceil') }}"] {
            let error = #expect(throws: TemplateError.self) { try ChatTemplateTests.render(template, context) }
            #expect(error?.message.contains("is out of range") == true)
        }
    }
}
