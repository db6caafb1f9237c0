import PinionGrammar
import Testing

/// What a grammar is expected to say of texts.
struct LanguageExpectation {
    var grammar: Grammar

    init(_ grammar: Grammar) {
        self.grammar = grammar
    }

    func accepts(_ texts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        var matcher = GrammarMatcher(grammar)
        for text in texts {
            #expect(
                matcher.read(Array(text.utf8)) == .accepted, "\(text.debugDescription)", sourceLocation: sourceLocation)
        }
    }

    /// Each text is no beginning of an accepted one.
    func refuses(_ texts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        var matcher = GrammarMatcher(grammar)
        for text in texts {
            let result = matcher.read(Array(text.utf8))
            guard case .refused = result else {
                Issue.record("\(text.debugDescription) is \(result)", sourceLocation: sourceLocation)
                continue
            }
        }
    }

    /// Each text is a beginning of an accepted one, and no accepted one.
    func awaitsMore(after texts: String..., sourceLocation: SourceLocation = #_sourceLocation) {
        var matcher = GrammarMatcher(grammar)
        for text in texts {
            #expect(
                matcher.read(Array(text.utf8)) == .incomplete, "\(text.debugDescription)",
                sourceLocation: sourceLocation)
        }
    }

    func refuses(_ text: String, at offset: Int, sourceLocation: SourceLocation = #_sourceLocation) {
        var matcher = GrammarMatcher(grammar)
        #expect(
            matcher.read(Array(text.utf8)) == .refused(at: offset), "\(text.debugDescription)",
            sourceLocation: sourceLocation)
    }

    /// Compiling throws this error.
    static func failure(
        _ code: GrammarError.Code, _ message: String, sourceLocation: SourceLocation = #_sourceLocation,
        _ compile: () throws(GrammarError) -> Grammar
    ) {
        do {
            _ = try compile()
            Issue.record("compiled, instead of: \(message)", sourceLocation: sourceLocation)
        } catch {
            #expect(error == GrammarError(code, message), sourceLocation: sourceLocation)
        }
    }

    /// Compiling throws an error of this code, whatever its message.
    static func failure(
        _ code: GrammarError.Code, sourceLocation: SourceLocation = #_sourceLocation,
        _ compile: () throws(GrammarError) -> Grammar
    ) {
        do {
            _ = try compile()
            Issue.record("compiled", sourceLocation: sourceLocation)
        } catch {
            #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
        }
    }
}
