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
        guard !node.looksBehind else {
            throw PatternError(.unsupported, "look-behind cannot be matched, only compiled to an automaton")
        }
        program = PatternCompiler.compile(node, dialect: dialect)
    }

    /// The tree of a pattern that is compiled to something else than a ``Pattern``; may hold look-behind.
    ///
    /// Throws as ``init(_:dialect:)``.
    package static func tree(of text: String, dialect: PatternDialect) throws(PatternError) -> PatternNode {
        try PatternParser.parse(text, dialect: dialect)
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
    /// Perl and Python: `[` is an ordinary member of a class, `^` and `$` stand at the ends of the text.
    case perl
    /// Oniguruma, which reads the patterns of `tokenizer.json`: a class may hold classes and intersections (`&&`), `^` and
    /// `$` also stand at the ends of lines, `\h` is a hexadecimal digit, and `{2}+` repeats a repetition.
    case oniguruma
    /// ECMA-262 with the flag `u`, in which JSON Schemas are written: `\d` and `\w` are ASCII, `\s` is ECMA's white space,
    /// `.` is no line terminator, `[]` is an empty class, and look-behind is parsed. Lenient where ECMA refuses and all other
    /// dialects agree: `\-` is a hyphen, a brace that opens no count is itself, `[\w-.]` holds a hyphen, `\A`, `\z`, `(?i)`
    /// and `(?P<name>…)` are known.
    case ecma
    /// Python's `re`, in which Lark's grammars are written: as ``perl``, but look-behind is parsed, and `\Z` is the very end
    /// of the text.
    case python

    /// Whether patterns come from requests, which become automata: look-behind is parsed, and what is not supported is told
    /// apart from what is malformed.
    var comesFromRequests: Bool { self == .ecma || self == .python }

    /// The characters of `\w`, which `\b` and `\B` go by.
    package var word: ScalarSet { self == .ecma ? UnicodeClasses.asciiWord : UnicodeClasses.word }

    /// The characters that end a line, before and after which `^` and `$` stand with the flag `m`.
    package var lineTerminators: ScalarSet { self == .ecma ? UnicodeClasses.ecmaLineTerminators : ScalarSet(0x0A) }
}
