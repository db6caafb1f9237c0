/// Looks at an argument's text before anything compares it.
package enum ArgumentText {
    /// Combining marks that may follow one another: the bound of Unicode's Stream-Safe Text Format (UAX 15), which no
    /// language comes near to.
    package static let maximumMarks = 30

    /// Whether more marks follow one another than any writing has.
    ///
    /// Swift compares texts by their normal form, for which marks are sorted, in quadratic time: 64 KB of them would keep the
    /// parser of arguments busy for seconds.
    package static func hasEndlessMarks(_ text: String) -> Bool {
        // Nearly all arguments are such, and properties of scalars are slow to find.
        if text.utf8.allSatisfy({ $0 < 0x80 }) { return false }
        var marks = 0
        for scalar in text.unicodeScalars {
            marks = scalar.properties.canonicalCombiningClass == .notReordered ? 0 : marks + 1
            if marks > maximumMarks { return true }
        }
        return false
    }

    /// What is wrong with a command line; nil for one that may be parsed.
    static func failure(in arguments: [String]) -> CommandFailure? {
        arguments.firstIndex(where: hasEndlessMarks).map { index in
            CommandFailure(
                "argument \(index) has more than \(maximumMarks) combining marks in a row; no language writes so many")
        }
    }
}
