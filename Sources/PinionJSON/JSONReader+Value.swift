extension JSONReader {
    /// Members up to which duplicate names are found by comparison rather than by hashing.
    private static let smallObject = 8

    /// Reads the next value as a tree.
    ///
    /// - Throws: ``JSONError``, also for a name that an object holds twice: which of the two counts would be a guess.
    package mutating func readValue() throws(JSONError) -> JSONValue {
        switch try nextKind() {
        case .null:
            try readNull()
            return .null
        case .boolean: return .bool(try readBoolean())
        case .number: return try readNumber()
        case .string: return .string(try readString())
        case .array:
            try beginArray()
            var elements: [JSONValue] = []
            while try nextElement() { elements.append(try readValue()) }
            return .array(elements)
        case .object: return .object(try readObject())
        }
    }

    private mutating func readObject() throws(JSONError) -> JSONObject {
        try beginObject()
        var object = JSONObject()
        var names: Set<ProtocolWord> = []
        while try nextName() {
            let name = textString
            guard isNew(name, in: object, &names) else {
                throw fault(
                    .duplicateName, "the name '\(JSONValue.quoted(name))' is used twice in one object", at: textOffset)
            }
            object.members.append(JSONObject.Member(name: name, value: try readValue()))
        }
        return object
    }

    private func isNew(_ name: String, in object: JSONObject, _ names: inout Set<ProtocolWord>) -> Bool {
        if object.members.count < Self.smallObject { return object[name] == nil }
        if names.isEmpty { names = Set(object.members.map { ProtocolWord($0.name) }) }
        return names.insert(ProtocolWord(name)).inserted
    }
}
