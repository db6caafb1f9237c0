/// Finds stop strings in text that arrives in pieces, and holds back what may yet become one.
///
/// The stop string that is complete first wins, and the longest of those that end together: the only choice that does
/// not depend on how the text is cut into pieces, and that never waits once a stop string is there.
package struct StopStringMatcher {
    private let stops: [[UInt8]]
    /// Text that is a proper prefix of some stop string.
    private var held: [UInt8] = []

    package init(_ stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }.filter { !$0.isEmpty }
    }

    /// Takes more text.
    ///
    /// - Returns: Text that is certain to precede any stop, and whether a stop string was completed.
    package mutating func append(_ text: String) -> (released: String, stopped: Bool) {
        guard !stops.isEmpty else { return (text, false) }
        let bytes = held + Array(text.utf8)
        var earliest: Range<Int>?
        for stop in stops {
            guard let start = Self.firstIndex(of: stop, in: bytes) else { continue }
            let found = start..<start + stop.count
            if let other = earliest, (other.upperBound, other.lowerBound) <= (found.upperBound, start) { continue }
            earliest = found
        }
        if let earliest {
            held = []
            return (String(decoding: bytes[..<earliest.lowerBound], as: UTF8.self), true)
        }
        let kept = stops.map { Self.prefixLength(of: $0, endingIn: bytes) }.max() ?? 0
        held = Array(bytes.suffix(kept))
        return (String(decoding: bytes.dropLast(kept), as: UTF8.self), false)
    }

    /// What was held back, once no more text comes.
    package mutating func finish() -> String {
        defer { held = [] }
        return String(decoding: held, as: UTF8.self)
    }

    private static func firstIndex(of stop: [UInt8], in bytes: [UInt8]) -> Int? {
        guard bytes.count >= stop.count else { return nil }
        return (0...bytes.count - stop.count).first { bytes[$0] == stop[0] && bytes[$0...].starts(with: stop) }
    }

    /// The longest proper prefix of `stop` that `bytes` ends with.
    private static func prefixLength(of stop: [UInt8], endingIn bytes: [UInt8]) -> Int {
        var length = min(stop.count - 1, bytes.count)
        while length > 0, !bytes.suffix(length).elementsEqual(stop.prefix(length)) { length -= 1 }
        return length
    }
}
