/// Reads a JSON text value by value, without building it: a strict pull parser with limits.
///
/// A tokenizer's file has millions of values, most of which its reader looks at once, so a tree of them would cost more
/// than the vocabulary itself. The reader asks for what it expects, and skips the rest:
///
///     var names = 0
///     try JSONReader.read(bytes, limits: limits) { reader throws(JSONError) in
///         try reader.beginObject()
///         while try reader.nextName() {
///             names += 1
///             if reader.isText("vocab") { ids = try reader.readValue() } else { try reader.skipValue() }
///         }
///     }
///
/// Foundation's decoder was rejected: it keeps neither the paths nor the spelling of numbers that error messages need, and
/// lets pass what we refuse. Beyond the grammar these are refused: a lone surrogate (no Unicode text can hold it), a number
/// beyond a double, a byte order mark (as RFC 8259 allows) and whatever passes one of the limits. Names that an object
/// holds twice are refused by ``readValue()`` only: a reader that keeps nothing cannot compare them.
///
/// Invariant: `bytes` outlives the reader, because ``read(_:limits:_:)`` alone makes one and the reader does not leave it.
package struct JSONReader {
    /// A container that is open, and whether a value of it was read.
    private enum Container {
        case emptyArray, array, emptyObject, object
    }

    let bytes: UnsafeBufferPointer<UInt8>
    let limits: JSONLimits
    var position = 0
    private var containers: [Container] = []
    private var values = 0
    /// The last name or string: a stretch of `bytes`, or of ``unescaped`` when it was written with escapes.
    var text = 0..<0
    /// Where the last name or string begins, in bytes from the start of the text: for messages.
    var textOffset = 0
    var isEscaped = false
    var unescaped: [UInt8] = []

    private init(_ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits) {
        self.bytes = bytes
        self.limits = limits
    }

    /// Calls `body` with a reader before the first value, and then checks that the text ends after what was read.
    ///
    /// - Parameter body: throws ``JSONError`` only; what else it finds wrong it hands out in its result.
    package static func read<Result>(
        _ bytes: [UInt8], limits: JSONLimits, _ body: (inout JSONReader) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        // Through a result, because the array's own closure does not carry a typed error out.
        try bytes.withUnsafeBufferPointer { buffer in
            Swift.Result { () throws(JSONError) in try read(buffer, limits: limits, body) }
        }.get()
    }

    /// The same for bytes of a mapped file.
    package static func read<Result>(
        _ bytes: UnsafeBufferPointer<UInt8>, limits: JSONLimits,
        _ body: (inout JSONReader) throws(JSONError) -> Result
    ) throws(JSONError) -> Result {
        var reader = JSONReader(bytes, limits: limits)
        reader.skipWhitespace()
        guard reader.position < bytes.count else { throw JSONError(.empty, "the text is empty", offset: 0) }
        let result = try body(&reader)
        try reader.end()
        return result
    }

    private mutating func end() throws(JSONError) {
        skipWhitespace()
        guard position == bytes.count, containers.isEmpty else { throw unexpected("the end of the text") }
    }

    /// The byte at the position, 0 at the end: no place in the grammar takes a NUL.
    var current: UInt8 { position < bytes.count ? bytes[position] : 0 }
}

// MARK: - Containers

extension JSONReader {
    /// What the next value is, without reading it.
    package enum Kind: Sendable {
        case null, boolean, number, string, array, object
    }

    /// - Throws: ``JSONError`` when no value begins here.
    package func nextKind() throws(JSONError) -> Kind {
        switch current {
        case UInt8(ascii: "{"): .object
        case UInt8(ascii: "["): .array
        case UInt8(ascii: "\""): .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): .boolean
        case UInt8(ascii: "n"): .null
        default: throw unexpected("a value")
        }
    }

    package mutating func beginObject() throws(JSONError) {
        try begin(.emptyObject, UInt8(ascii: "{"), "an object")
    }

    package mutating func beginArray() throws(JSONError) {
        try begin(.emptyArray, UInt8(ascii: "["), "an array")
    }

    private mutating func begin(
        _ container: Container, _ opening: UInt8, _ expected: StaticString
    ) throws(JSONError) {
        try beginValue()
        guard current == opening else { throw wrongType(expected) }
        guard containers.count < limits.depth else {
            throw fault(.limit, "nesting deeper than \(limits.depth) levels")
        }
        containers.append(container)
        position += 1
        skipWhitespace()
    }

    /// Goes to the next member of the object that was begun last; its name is then the ``isText(_:)``.
    ///
    /// - Returns: false at the end of the object, which is then closed.
    package mutating func nextName() throws(JSONError) -> Bool {
        guard let container = containers.last, container == .emptyObject || container == .object else {
            preconditionFailure("no object is being read")
        }
        skipWhitespace()
        if take(UInt8(ascii: "}")) {
            containers.removeLast()
            return false
        }
        if container == .object {
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or '}'") }
            skipWhitespace()
        } else {
            containers[containers.count - 1] = .object
        }
        guard current == UInt8(ascii: "\"") else { throw unexpected("a name in double quotes") }
        try scanString()
        guard text.count <= limits.nameLength else {
            throw fault(.limit, "a name is longer than \(limits.nameLength) bytes", at: textOffset)
        }
        skipWhitespace()
        guard take(UInt8(ascii: ":")) else { throw unexpected("':'") }
        skipWhitespace()
        return true
    }

    /// Goes to the next element of the array that was begun last.
    ///
    /// - Returns: false at the end of the array, which is then closed.
    package mutating func nextElement() throws(JSONError) -> Bool {
        guard let container = containers.last, container == .emptyArray || container == .array else {
            preconditionFailure("no array is being read")
        }
        skipWhitespace()
        if take(UInt8(ascii: "]")) {
            containers.removeLast()
            return false
        }
        if container == .array {
            guard take(UInt8(ascii: ",")) else { throw unexpected("',' or ']'") }
            skipWhitespace()
        } else {
            containers[containers.count - 1] = .array
        }
        return true
    }

    /// Reads past the next value, whatever it is; its grammar is checked all the same.
    package mutating func skipValue() throws(JSONError) {
        switch try nextKind() {
        case .object:
            try beginObject()
            while try nextName() { try skipValue() }
        case .array:
            try beginArray()
            while try nextElement() { try skipValue() }
        case .string: try readText()
        case .number: _ = try readNumber()
        case .boolean: _ = try readBoolean()
        case .null: try readNull()
        }
    }

    /// Counts a value that begins here.
    mutating func beginValue() throws(JSONError) {
        values += 1
        guard values <= limits.values else { throw fault(.limit, "more than \(limits.values) values") }
    }
}
