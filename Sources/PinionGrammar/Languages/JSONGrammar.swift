/// Any JSON text, in the spelling that all grammars of JSON here have: see ``Production/Space`` and
/// ``ByteAutomaton/anyText(_:)``.
///
/// The names of an object's members are distinct, and numbers have bounded digits, as where a schema asks for them.
package enum JSONGrammar {
    /// Any object.
    package static func object() throws(GrammarError) -> Grammar { try anyObject.get() }

    /// Any value.
    package static func value() throws(GrammarError) -> Grammar { try anyValue.get() }

    private static let anyObject = grammar(\.object)
    private static let anyValue = grammar(\.value)

    private static func grammar(_ start: KeyPath<JSONRules, Int>) -> Result<Grammar, GrammarError> {
        Result { () throws(GrammarError) in
            var builder = GrammarBuilder()
            let rules = try JSONRules(in: &builder)
            return try builder.finish(start: rules[keyPath: start])
        }
    }
}

/// The rules of any JSON, to be used within a larger grammar.
package struct JSONRules: Sendable {
    package let value: Int
    package let object: Int
    package let array: Int

    /// Adds the rules to a builder.
    package init(in builder: inout GrammarBuilder) throws(GrammarError) {
        value = builder.declare("value")
        object = try builder.rule("object", Self.object(of: value))
        array = try builder.rule("array", Self.array(of: value))
        let scalars = try ByteAutomaton.texts(["true", "false", "null"].map { Array($0.utf8) })
        let numbers = try NumberLanguage.numbers(in: NumberRange(), multipleOf: [])
        try builder.define(
            value,
            .choice([
                .rule(object), .rule(array), .lexeme(try Self.string), .lexeme(numbers), .lexeme(scalars),
            ]))
    }

    /// A text between quotation marks.
    private static var string: ByteAutomaton {
        get throws(GrammarError) {
            try .concatenation([.text("\""), .anyText(.jsonString), .text("\"")])
        }
    }

    private static func object(of value: Int) throws(GrammarError) -> Production {
        let member: [Production] = [
            .memberName(try string), .lexeme(.text(":")), .space(.afterColon), .rule(value),
        ]
        return list(.sequence(member), from: "{", to: "}")
    }

    private static func array(of value: Int) -> Production {
        list(.rule(value), from: "[", to: "]")
    }

    private static func list(_ item: Production, from open: String, to close: String) -> Production {
        let others = Production.repeated(
            .sequence([.lexeme(.text(",")), .space(.afterComma), item]), min: 0, max: nil)
        let isArray = open == "["
        return .choice([
            .lexeme(.text(open + close)),
            .sequence([
                .lexeme(.text(open)),
                .container(.sequence([.space(isArray ? .openingArray : .opening), item, others])),
                .space(isArray ? .closingArray : .closing), .lexeme(.text(close)),
            ]),
        ])
    }
}
