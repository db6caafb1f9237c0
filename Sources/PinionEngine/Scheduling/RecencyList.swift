/// Numbers from a fixed range in the order in which they were added, any of which can be taken out.
///
/// A doubly linked list in two arrays: every operation takes constant time and allocates nothing.
struct RecencyList: Sendable {
    private static let none: Int32 = -1

    /// The neighbours of each number; the place after the last is the list's two ends.
    private var next: [Int32]
    private var previous: [Int32]
    private let ends: Int
    private(set) var count = 0

    /// An empty list of numbers below `capacity`.
    init(capacity: Int) {
        ends = capacity
        next = Array(repeating: Self.none, count: capacity + 1)
        previous = next
        next[ends] = Int32(ends)
        previous[ends] = Int32(ends)
    }

    func contains(_ number: Int32) -> Bool { next[Int(number)] != Self.none }

    mutating func append(_ number: Int32) {
        precondition(!contains(number), "\(number) is in the list already")
        let last = previous[ends]
        next[Int(last)] = number
        previous[Int(number)] = last
        next[Int(number)] = Int32(ends)
        previous[ends] = number
        count += 1
    }

    mutating func remove(_ number: Int32) {
        precondition(contains(number), "\(number) is not in the list")
        let (before, after) = (previous[Int(number)], next[Int(number)])
        next[Int(before)] = after
        previous[Int(after)] = before
        next[Int(number)] = Self.none
        count -= 1
    }

    /// Takes out what was added longest ago.
    mutating func removeFirst() -> Int32? {
        guard count > 0 else { return nil }
        let first = next[ends]
        remove(first)
        return first
    }
}
