import PinionGrammar
import PinionJSON
import Testing

/// What a schema's grammar says of texts.
struct SchemaCheck {
    static let limits = JSONLimits(depth: 100, values: 1_000_000)

    let translated: SchemaGrammar
    private let schema: JSONValue

    init(_ schema: String, mode: SchemaGrammar.Mode = .strict) throws {
        self.schema = try Self.json(schema)
        translated = try SchemaGrammar.compile(self.schema, mode: mode)
    }

    static func json(_ text: String) throws -> JSONValue { try JSONValue.parse(Array(text.utf8), limits: limits) }

    /// Whether the grammar has the very text.
    func accepts(_ text: String) -> Bool {
        var matcher = GrammarMatcher(translated.grammar)
        return matcher.read(Array(text.utf8)) == .accepted
    }

    /// Whether the grammar has the value, in the spelling that it has for it.
    func acceptsValue(_ text: String) throws -> Bool {
        var matcher = GrammarMatcher(translated.grammar)
        let spelling = try InstanceSpelling(schema, mode: .strict).text(of: Self.json(text))
        return matcher.read(spelling) == .accepted
    }
}

/// A schema with values of which it is known whether they satisfy it.
struct SchemaCase: Sendable, CustomTestStringConvertible {
    let schema: String
    let valid: [String]
    let invalid: [String]

    init(_ schema: String, valid: [String], invalid: [String]) {
        self.schema = schema
        self.valid = valid
        self.invalid = invalid
    }

    var testDescription: String { schema }

    func check() throws {
        let check = try SchemaCheck(schema)
        let missing = valid.filter { !check.accepts($0) }
        let extra = invalid.filter { check.accepts($0) }
        #expect(missing == [])
        #expect(extra == [])
    }
}

/// The error of a schema that is refused.
func schemaError(_ schema: String, mode: SchemaGrammar.Mode = .strict) -> GrammarError? {
    do {
        _ = try SchemaCheck(schema, mode: mode)
        return nil
    } catch {
        return error as? GrammarError
    }
}
