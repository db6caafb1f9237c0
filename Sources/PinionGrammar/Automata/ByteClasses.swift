/// A division of the 256 bytes into classes that an automaton does not tell apart.
///
/// Classes are numbered in the order of their first bytes, so that equal divisions are equal values.
struct ByteClasses: Equatable {
    /// `[256]`
    private(set) var classOfByte: [UInt8]
    private(set) var count: Int

    /// One class of all bytes.
    init() {
        classOfByte = Array(repeating: 0, count: 256)
        count = 1
    }

    /// The coarsest division in which no class holds a byte in front of a start and one behind it.
    ///
    /// - Parameter isStart: `[256]`: whether a class begins at a byte.
    init(starts isStart: [Bool]) {
        self.init()
        for byte in 1..<256 {
            if isStart[byte] { count += 1 }
            classOfByte[byte] = UInt8(count - 1)
        }
    }

    /// Each of these bytes alone, and all others together.
    init(distinct isDistinct: [Bool]) {
        self.init()
        var others: UInt8?
        count = 0
        for byte in 0..<256 {
            if !isDistinct[byte], let others {
                classOfByte[byte] = others
                continue
            }
            if !isDistinct[byte] { others = UInt8(count) }
            classOfByte[byte] = UInt8(count)
            count += 1
        }
    }

    /// Divides the classes further, so that no class holds bytes of two classes of the other division.
    mutating func refine(by classes: [UInt8], count otherCount: Int) {
        guard otherCount > 1, classes != classOfByte else { return }
        var numbers = [Int16](repeating: -1, count: count * otherCount)
        var refined = 0
        for byte in 0..<256 {
            let pair = Int(classOfByte[byte]) * otherCount + Int(classes[byte])
            if numbers[pair] < 0 {
                numbers[pair] = Int16(refined)
                refined += 1
            }
            classOfByte[byte] = UInt8(numbers[pair])
        }
        count = refined
    }

    /// Joins classes: each gets the number that stands in its place, in the order of their first bytes.
    mutating func merge(into numbers: [UInt8], count newCount: Int) {
        for byte in 0..<256 { classOfByte[byte] = numbers[Int(classOfByte[byte])] }
        count = newCount
    }

    /// `[count]`: the first byte of each class.
    var firstBytes: [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(count)
        for byte in 0..<256 where Int(classOfByte[byte]) == bytes.count { bytes.append(UInt8(byte)) }
        return bytes
    }

    /// `[count]`: the class that the bytes of each class have in a coarser division.
    func map(to classes: [UInt8]) -> [Int] { firstBytes.map { Int(classes[Int($0)]) } }
}
