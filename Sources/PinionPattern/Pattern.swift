/// A compiled regular expression over UTF-8 text.
///
/// Leftmost match, earlier alternatives preferred, as in Perl. Supported: literals, `.`, classes with ranges, negation
/// and `\s \d \w \p{…}` (general categories), groups (captures are not recorded), greedy, lazy and possessive
/// quantifiers, atomic groups, look-ahead, `^ $ \A \z \b \B`, and the flags `i`, `s`, `m`. `$` is the very end of the
/// text, not the place before a last newline.
///
/// Called `Pattern` because `Regex` is taken by the standard library.
package struct Pattern: Sendable {
    package let text: String
    /// The parsed form, for those who compile it to something else.
    package let node: PatternNode
    let program: PatternProgram

    /// Throws `invalidPattern` with a position, or `limitExceeded` for a pattern too large or too deep.
    package init(_ text: String, dialect: PatternDialect = .perl) throws(PatternError) {
        self.text = text
        node = try PatternParser.parse(text, dialect: dialect)
        program = PatternCompiler.compile(node)
    }

    /// The first match in a string as a range of UTF-8 offsets; for hot paths keep a ``PatternMatcher``.
    package func firstMatch(in string: String) throws(PatternError) -> Range<Int>? {
        let bytes = Array(string.utf8)
        var matcher = PatternMatcher(self)
        return try bytes.withUnsafeBufferPointer { (buffer) throws(PatternError) in
            try matcher.firstMatch(in: buffer, from: 0)
        }
    }
}

/// Whose reading of a pattern counts where readings differ.
package enum PatternDialect: Sendable {
    /// Perl, Python and JSON Schema: `[` is an ordinary member of a class, `^` and `$` stand at the ends of the text.
    case perl
    /// Oniguruma, which reads the patterns of `tokenizer.json`: a class may hold classes and intersections (`&&`), `^` and
    /// `$` also stand at the ends of lines, `\h` is a hexadecimal digit, and `{2}+` repeats a repetition.
    case oniguruma
}
