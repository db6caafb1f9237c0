/// Finds the places where a text ends with a mark, byte by byte, and tells how much of the mark the text ends with.
///
/// Each byte costs a constant number of steps on average (Knuth, Morris and Pratt, 1977).
struct MarkFinder: Sendable {
    private let mark: [UInt8]
    /// For each length of a matched prefix, the longest shorter prefix that it ends with.
    private let fallback: [Int]
    /// How much of the mark the text ends with.
    private(set) var matched = 0

    init(_ mark: [UInt8]) {
        precondition(!mark.isEmpty, "a mark without a text")
        self.mark = mark
        var fallback = [0, 0]
        var length = 0
        for index in mark.indices.dropFirst() {
            while length > 0, mark[index] != mark[length] { length = fallback[length] }
            if mark[index] == mark[length] { length += 1 }
            fallback.append(length)
        }
        self.fallback = fallback
    }

    var count: Int { mark.count }

    /// - Returns: Whether the byte completes the mark.
    mutating func advance(_ byte: UInt8) -> Bool {
        if matched == mark.count { matched = fallback[matched] }
        while matched > 0, mark[matched] != byte { matched = fallback[matched] }
        if mark[matched] == byte { matched += 1 }
        return matched == mark.count
    }

    mutating func reset() { matched = 0 }
}
