/// Which names a field takes: ASCII letters, digits and a few marks.
package struct NameRule {
    /// OpenAI's, of a schema in `response_format`.
    package static let format = NameRule(marks: "_-", maximumLength: 64)
    /// Of a tool. Wider than OpenAI's (64 letters, digits, `_` and `-`): servers of tools join their own name and the
    /// tool's with dots, colons and slashes.
    package static let tool = NameRule(marks: "_.:/-", maximumLength: 128)

    /// As they stand in a regular expression's class, so that `-` is the last.
    private let marks: StaticString
    private let maximumLength: Int

    /// - Throws: `invalid_value` for a name that the rule forbids.
    package func check(_ name: String, at path: String) throws(APIError) {
        let marks = UnsafeBufferPointer(start: marks.utf8Start, count: marks.utf8CodeUnitCount)
        let isPlain = name.utf8.allSatisfy { byte in
            (0x30...0x39).contains(byte) || (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
                || marks.contains(byte)
        }
        guard isPlain, !name.isEmpty else {
            throw .invalidValue(
                path,
                "string does not match pattern. Expected a string that matches the pattern '^[a-zA-Z0-9\(self.marks)]+$'."
            )
        }
        guard name.utf8.count <= maximumLength else {
            throw .invalidValue(
                path,
                "string too long. Expected a string with maximum length \(maximumLength), but got a string with length "
                    + "\(name.utf8.count) instead.")
        }
    }
}
