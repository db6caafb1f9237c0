extension JSONWriter {
    /// A whole value, its members in their order; equal values have equal texts, and no others.
    ///
    /// - Complexity: Linear; recursion is as deep as the value.
    package mutating func value(_ value: JSONValue) {
        switch value {
        case .null: raw("null")
        case .bool(let flag): if flag { raw("true") } else { raw("false") }
        case .integer(let integer): self.integer(integer)
        case .bigInteger(let digits): raw(Array(digits.utf8))
        case .decimal(let number): decimal(number)
        case .string(let text): string(text)
        case .array(let elements):
            raw("[")
            list(elements) { $0.value($1) }
            raw("]")
        case .object(let object):
            raw("{")
            list(object.members) { writer, member in
                writer.string(member.name)
                writer.raw(":")
                writer.value(member.value)
            }
            raw("}")
        }
    }
}
