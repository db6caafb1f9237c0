import PinionJSON

/// The text of a grammar, and where in it something stands.
struct GrammarText: Sendable {
    let scalars: [Unicode.Scalar]

    /// - Throws: `limit` for more than ``GrammarLimits/textBytes`` bytes.
    init(_ text: String) throws(GrammarError) {
        let size = text.utf8.count
        guard size <= GrammarLimits.textBytes else {
            throw GrammarError(
                .limit, "the grammar has \(size) bytes; at most \(GrammarLimits.textBytes) are allowed")
        }
        scalars = Array(text.unicodeScalars)
    }

    /// An error that ends in the line and column of a place, both from 1, the column in Unicode scalars.
    func failure(_ code: GrammarError.Code, _ message: String, at place: Int) -> GrammarError {
        let (line, column) = position(of: place)
        return GrammarError(code, "\(message) (line \(line), column \(column))")
    }

    /// An error of code `invalid`.
    func failure(_ message: String, at place: Int) -> GrammarError { failure(.invalid, message, at: place) }

    func position(of place: Int) -> (line: Int, column: Int) {
        var line = 1
        var lineStart = 0
        for index in 0..<min(place, scalars.count) where isLineEnd(index) {
            line += 1
            lineStart = index + 1
        }
        return (line, place - lineStart + 1)
    }

    /// Whether a line ends with the scalar: `\n`, or an `\r` without one.
    private func isLineEnd(_ index: Int) -> Bool {
        switch scalars[index] {
        case "\n": true
        case "\r": index + 1 == scalars.count || scalars[index + 1] != "\n"
        default: false
        }
    }

    /// What stands at a place, as a message names it.
    func found(at place: Int) -> String {
        guard place < scalars.count else { return "the end of the text" }
        let scalar = scalars[place]
        switch scalar {
        case "\n", "\r": return "the end of the line"
        case " "..."~": return "'\(scalar)'"
        default:
            let digits = String(scalar.value, radix: 16, uppercase: true)
            return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        }
    }

    func slice(_ range: Range<Int>) -> String {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars[range])
        return String(view)
    }
}
