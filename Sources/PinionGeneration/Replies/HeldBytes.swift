/// Bytes of a reply that were read and not told yet, because they may become a mark or stand in front of one.
struct HeldBytes: Sendable {
    private(set) var bytes: [UInt8] = []
    /// Bytes up to the last one that is no white space.
    private(set) var solid = 0

    var count: Int { bytes.count }
    /// Whether the bytes are white space at most.
    var isBlank: Bool { solid == 0 }
    /// Line breaks that the bytes begin with, and the white space in front of the last one.
    var leadingLines: Int {
        bytes.prefix { $0.isJSONSpace }.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0
    }

    /// How many of the first bytes are left without the white space at their end.
    func solid(before end: Int) -> Int { bytes[..<end].solidCount }

    mutating func append(_ byte: UInt8) {
        bytes.append(byte)
        if !byte.isJSONSpace { solid = bytes.count }
    }

    mutating func removeFirst(_ count: Int) {
        guard count > 0 else { return }
        bytes.removeFirst(count)
        solid = max(0, solid - count)
    }

    mutating func removeLast(_ count: Int) {
        bytes.removeLast(count)
        solid = min(solid, bytes.count)
    }

    /// Takes all bytes, to be read again or to be hidden.
    mutating func take() -> [UInt8] {
        defer { (bytes, solid) = ([], 0) }
        return bytes
    }
}

extension ReplyOutput {
    /// Hides all bytes held.
    mutating func hide(_ held: inout HeldBytes) { hide(held.take().count) }

    /// Hides the line breaks behind a mark, and the white space in front of the last one.
    mutating func hideLines(of held: inout HeldBytes) {
        let count = held.leadingLines
        hide(count)
        held.removeFirst(count)
    }
}
