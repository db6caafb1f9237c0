package import PinionJSON

/// A field of OpenAI's that means nothing here, and what becomes of a request that sends it.
///
/// The rule behind the table: a field may be ignored only if the reply is the same with and without it; otherwise
/// the request is refused. Null always passes.
package struct ForeignField {
    /// The values that pass.
    package enum Acceptance {
        /// Any value of the type, which is named as in ``JSONValue/typeName``.
        case any(String)
        /// Values that ask for what happens anyway.
        case only([JSONValue])
        /// Any value at all.
        case anything
        /// No value.
        case never
    }

    package let name: String
    package let acceptance: Acceptance
    /// A full sentence for the client.
    package let reason: String

    package init(_ name: String, _ acceptance: Acceptance, _ reason: String) {
        self.name = name
        self.acceptance = acceptance
        self.reason = reason
    }

    /// Refuses an object's fields that are neither known nor in the table, and those in the table whose value does not
    /// pass.
    ///
    /// - Parameter ignoresNull: As in ``FieldReader/refuseUnknown(_:spellings:ignoresNull:)``.
    package static func refuseUnknown(
        besides known: Set<ProtocolWord>, and table: [ForeignField], in fields: FieldReader, ignoresNull: Bool = false
    ) throws(APIError) {
        try fields.refuseUnknown(known.union(table.map { ProtocolWord($0.name) }), ignoresNull: ignoresNull)
        for field in table { try field.check(in: fields) }
    }

    /// Refuses the object when it holds this field with a value that does not pass.
    package func check(in fields: FieldReader) throws(APIError) {
        guard let value = fields.value(name) else { return }
        let path = fields.path(of: name)
        switch acceptance {
        case .any(let type):
            guard value.typeName == type else { throw .invalidType(path, expected: type, got: value.typeName) }
        case .only(let values):
            if values.contains(value) { return }
            guard let sample = values.first, sample.typeName == value.typeName else {
                throw .invalidType(path, expected: values.first?.typeName ?? "null", got: value.typeName)
            }
            throw .unsupportedValue(path, got: value.brief, reason)
        case .anything: break
        case .never: throw .unsupportedParameter(path, reason)
        }
    }
}

extension JSONValue {
    /// The value as a message shows it: short ones in full, others by their type.
    fileprivate var brief: String {
        switch self {
        case .bool(let value): "\(value)"
        case .string(let value): "'\(APIError.quoted(value))'"
        case .array: "this list"
        default: typeName
        }
    }
}
