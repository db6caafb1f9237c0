/// Something that a request asked for and that is not honoured in full, although the request is answered.
package struct GenerationWarning: Sendable, Equatable {
    /// The keyword of the schema, or the field of the request, that was left out.
    package var keyword: String
    /// Where the keyword stands in its schema, as a JSON pointer (RFC 6901); empty for the schema itself.
    package var pointer: String
    /// A clause that says what is not enforced.
    package var message: String

    package init(keyword: String, pointer: String, message: String) {
        self.keyword = keyword
        self.pointer = pointer
        self.message = message
    }
}
