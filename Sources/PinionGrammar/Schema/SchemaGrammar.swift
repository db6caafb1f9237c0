package import PinionJSON

/// A JSON Schema as a grammar of its instances, in the one spelling that replies have.
///
///     let schema = try JSONValue.parse(Array(#"{"type": "object", "required": ["id"]}"#.utf8), limits: limits)
///     let translated = try SchemaGrammar.compile(schema, mode: .strict)
///     var matcher = GrammarMatcher(translated.grammar)
///     matcher.read(Array(#"{"id":1}"#.utf8))   // .accepted
///
/// Every text of the grammar is an instance of the schema. Not every instance is a text of it: declared members come in
/// the order of the schema, and each value has one spelling.
package struct SchemaGrammar: Sendable {
    /// What becomes of an assertion that cannot be enforced.
    package enum Mode: Sendable {
        /// It is refused.
        case strict
        /// It is left out with a warning.
        case lenient
    }

    /// Something in a schema that has no effect on replies.
    package struct Warning: Sendable, Equatable {
        package let pointer: String
        package let keyword: String
        package let message: String

        package init(pointer: String, keyword: String, message: String) {
            self.pointer = pointer
            self.keyword = keyword
            self.message = message
        }
    }

    package let grammar: Grammar
    /// Unknown formats, keywords of other drafts, and what lenient translation left out.
    package let warnings: [Warning]

    /// - Throws: ``GrammarError`` with the JSON pointer of what is wrong, cannot be enforced or is too large.
    package static func compile(_ schema: JSONValue, mode: Mode) throws(GrammarError) -> SchemaGrammar {
        var builder = GrammarBuilder()
        let (production, warnings) = try production(of: schema, mode: mode, in: &builder)
        let start = try builder.rule("schema", production)
        do {
            return SchemaGrammar(grammar: try builder.finish(start: start), warnings: warnings)
        } catch  where error.code == .unsatisfiable {
            throw GrammarError(.unsatisfiable, "no value satisfies the schema", pointer: "")
        }
    }

    /// The production of a schema within a larger grammar.
    ///
    /// - Parameters:
    ///   - notation: How values are written. One whose outermost objects have a notation of their own takes objects alone.
    ///   - builder: Gets the rules of the schema; none where this throws.
    package static func production(
        of schema: JSONValue, mode: Mode, notation: ValueNotation = ValueNotation(), in builder: inout GrammarBuilder
    ) throws(GrammarError) -> (Production, [Warning]) {
        let document = try SchemaDocument(schema, mode: mode)
        return try SchemaExpander.read(document, mode: mode) { expander throws(GrammarError) in
            let extent = builder.extent
            let translator = SchemaTranslator(expander, notation)
            // The builder moves there and back. A copy would cost as much as all schemas before this one.
            translator.exchange(&builder)
            do throws(GrammarError) {
                let production = try translator.translate()
                translator.exchange(&builder)
                return production
            } catch {
                translator.exchange(&builder)
                builder.rollBack(to: extent)
                throw error
            }
        }
    }
}

extension SchemaExpander {
    /// Reads a schema, in lenient mode once again for each keyword that turns out not to be enforceable.
    ///
    /// - Returns: What `body` returns, and the warnings of the whole.
    static func read<Result>(
        _ document: SchemaDocument, mode: SchemaGrammar.Mode,
        _ body: (SchemaExpander) throws(GrammarError) -> Result
    ) throws(GrammarError) -> (Result, [SchemaGrammar.Warning]) {
        var omitted: Set<SchemaOmissions.Omission> = []
        var warnings = document.warnings
        while true {
            let expander = SchemaExpander(document, omitting: omitted)
            do {
                let result = try body(expander)
                return (result, warnings + expander.omissions.warnings)
            } catch {
                guard error.code == .unsupported, mode == .lenient, let refusal = expander.omissions.refusal,
                    omitted.insert(refusal).inserted, omitted.count <= SchemaLimits.omissions
                else { throw error }
                warnings.append(
                    SchemaGrammar.Warning(
                        pointer: error.pointer ?? "", keyword: refusal.keyword.rawValue,
                        message: "left out: " + error.message))
            }
        }
    }
}
