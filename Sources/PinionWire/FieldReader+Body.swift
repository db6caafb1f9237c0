import PinionJSON
package import TextGeneration

// What every body of a request for text has.
extension FieldReader {
    /// A reader of a whole body.
    ///
    /// - Throws: an ``APIError`` of status 400 for a body that is no JSON object.
    package init(body: [UInt8], options: DecodingOptions) throws(APIError) {
        let value = try JSONValue.parse(body)
        guard case .object(let object) = value else {
            throw .invalidType(nil, expected: "an object", got: value.typeName)
        }
        self.init(object, allowsUnknownFields: options.allowsUnknownFields)
    }

    /// The model that a body names, which is never empty.
    package func model() throws(APIError) -> String {
        let model = try requiredString("model")
        guard !model.isEmpty else {
            throw .invalidValue("model", "empty string. Expected the id of a model, but got an empty string instead.")
        }
        return model
    }

    /// What a client says of itself: its `user`, or what newer clients call so, and its metadata. Fields of other types are
    /// for others to refuse.
    package func clientNote() -> ClientNote {
        func text(_ value: JSONValue?) -> String? {
            if case .string(let text)? = value { text } else { nil }
        }
        var note = ClientNote()
        if case .object(let metadata)? = value("metadata") { note.metadata = metadata }
        note.user = text(value("user")) ?? text(value("safety_identifier")) ?? text(note.metadata?["user_id"])
        return note
    }

    /// Longest text that ends a reply, in UTF-8 bytes.
    package static let maximumStopLength = 4_096

    /// A list of texts that end a reply; absent it is empty.
    ///
    /// - Parameters:
    ///   - most: How many there may be.
    ///   - allowsString: Whether one text may stand without a list.
    package func stopStrings(_ name: String, most: Int, allowsString: Bool) throws(APIError) -> [String] {
        guard let value = value(name) else { return [] }
        let path = path(of: name)
        if case .string = value, allowsString { return [try Self.stopString(value, at: path)] }
        guard case .array(let elements) = value else {
            let expected = allowsString ? "one of a string or array of strings" : "an array of strings"
            throw .invalidType(path, expected: expected, got: value.typeName)
        }
        guard elements.count <= most else {
            throw .arrayTooLong(path, most: most, got: elements.count)
        }
        var strings: [String] = []
        for (index, element) in elements.enumerated() {
            strings.append(try Self.stopString(element, at: "\(path)[\(index)]"))
        }
        return strings
    }

    private static func stopString(_ value: JSONValue, at path: String) throws(APIError) -> String {
        guard case .string(let string) = value else {
            throw .invalidType(path, expected: "a string", got: value.typeName)
        }
        guard !string.isEmpty else {
            throw .emptyString(path)
        }
        guard string.utf8.count <= maximumStopLength else {
            throw .invalidValue(
                path,
                "string too long. Expected at most \(maximumStopLength) bytes, but got \(string.utf8.count) instead.")
        }
        return string
    }
}
