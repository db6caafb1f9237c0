/// Numbers sequences in the order of their first appearance, so that equal sequences have one number.
///
/// The sequences lie one after the other in a single array, and the hash table holds numbers only. Not a dictionary keyed
/// by arrays: it would allocate one array for each set of states that a construction looks at.
struct SequenceTable<Element: SequenceElement> {
    private var elements: [Element] = []
    /// `[count + 1]`: where each sequence begins.
    private var offsets: [Int] = [0]
    /// Numbers plus one by hash, zero for a free place; its length is a power of two.
    private var places: [Int32]

    /// - Parameter expectedCount: how many sequences are likely to come; more are no error.
    init(expectedCount: Int = 16) {
        var length = 16
        while length < 2 * expectedCount { length *= 2 }
        places = Array(repeating: 0, count: length)
    }

    var count: Int { offsets.count - 1 }
    /// The length of all sequences together.
    var totalLength: Int { elements.count }

    subscript(number: Int) -> ArraySlice<Element> { elements[offsets[number]..<offsets[number + 1]] }

    func length(of number: Int) -> Int { offsets[number + 1] - offsets[number] }

    /// The number of a sequence; the sequence is new if its number is the ``count`` before the call.
    mutating func number(of sequence: [Element]) -> Int {
        if 2 * count >= places.count { grow() }
        let mask = places.count - 1
        var place = Self.hash(sequence[...]) & mask
        while places[place] != 0 {
            let candidate = Int(places[place]) - 1
            if holds(sequence, at: candidate) { return candidate }
            place = (place + 1) & mask
        }
        elements.append(contentsOf: sequence)
        offsets.append(elements.count)
        places[place] = Int32(count)
        return count - 1
    }

    private func holds(_ sequence: [Element], at number: Int) -> Bool {
        let start = offsets[number]
        guard offsets[number + 1] - start == sequence.count else { return false }
        for index in 0..<sequence.count where elements[start + index] != sequence[index] { return false }
        return true
    }

    private mutating func grow() {
        var larger = [Int32](repeating: 0, count: 2 * places.count)
        let mask = larger.count - 1
        for number in 0..<count {
            var place = Self.hash(self[number]) & mask
            while larger[place] != 0 { place = (place + 1) & mask }
            larger[place] = Int32(number) + 1
        }
        places = larger
    }

    /// A multiply and a rotation for each element, from a start that no pattern's author knows: sequences made to collide would
    /// take quadratic time. Numbers do not depend on it, since they follow the order of appearance.
    private static func hash(_ sequence: ArraySlice<Element>) -> Int {
        var value = sequenceSeed
        for element in sequence {
            value = (value ^ element.bits) &* 0xBF58_476D_1CE4_E5B9
            value = value << 29 | value >> 35
        }
        value = (value ^ value >> 31) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (value ^ value >> 29) & 0x7FFF_FFFF_FFFF)
    }
}

private let sequenceSeed = UInt64.random(in: .min ... .max)

/// What the sequences of a ``SequenceTable`` are made of.
protocol SequenceElement: Equatable {
    var bits: UInt64 { get }
}

extension Int32: SequenceElement {
    var bits: UInt64 { UInt64(UInt32(bitPattern: self)) }
}

extension Int: SequenceElement {
    var bits: UInt64 { UInt64(bitPattern: Int64(self)) }
}
