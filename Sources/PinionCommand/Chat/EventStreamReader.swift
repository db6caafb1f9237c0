/// Reads server-sent events as their bytes come: the data of each event, by the rules of the HTML standard.
///
///     var reader = EventStreamReader()
///     try reader.push(Array("data: a\nda".utf8))    // []
///     try reader.push(Array("ta: b\n\n".utf8))      // ["a\nb"]
///
/// Lines end with a line feed, a carriage return or both; comments and all fields but `data` are left out. What was
/// begun and not ended by a blank line is no event.
package struct EventStreamReader: Sendable {
    /// Bytes of an event: a reply that is told in one piece fits.
    package static let maximumEvent = 16 << 20

    private var line: [UInt8] = []
    private var data: [UInt8] = []
    private var hasData = false
    private var hasReturn = false
    private var isFirstLine = true

    package init() {}

    /// The events that are complete now.
    ///
    /// - Throws: ``ChatError`` for an event that is larger than ``maximumEvent``.
    package mutating func push(_ bytes: some Sequence<UInt8>) throws -> [[UInt8]] {
        var events: [[UInt8]] = []
        for byte in bytes {
            if hasReturn {
                hasReturn = false
                if byte == 0x0A { continue }
            }
            switch byte {
            case 0x0D:
                hasReturn = true
                endLine(&events)
            case 0x0A: endLine(&events)
            default:
                line.append(byte)
                guard line.count + data.count <= Self.maximumEvent else {
                    throw ChatError("an event of the reply is larger than \(ByteSize.text(Self.maximumEvent))")
                }
            }
        }
        return events
    }

    private mutating func endLine(_ events: inout [[UInt8]]) {
        defer { line.removeAll(keepingCapacity: true) }
        if isFirstLine {
            isFirstLine = false
            // The mark of a byte order is not part of the first line.
            if line.starts(with: [0xEF, 0xBB, 0xBF]) { line.removeFirst(3) }
        }
        guard !line.isEmpty else {
            if hasData { events.append(data) }
            data = []
            hasData = false
            return
        }
        let field = Array("data".utf8)
        guard line.starts(with: field) else { return }
        var value = line[field.count...]
        guard value.isEmpty || value.first == UInt8(ascii: ":") else { return }
        value = value.dropFirst()
        if value.first == 0x20 { value = value.dropFirst() }
        if hasData { data.append(0x0A) }
        data.append(contentsOf: value)
        hasData = true
    }
}
