/// The names that the members of open containers have, byte by byte, and sets of them.
///
/// A name of a free member must not stand twice in an object; which names were taken is no matter of a context-free
/// grammar, so each open container carries a set of them.
struct MemberNames {
    /// No name yet, and the empty set.
    static let none: Int32 = 0

    /// A tree of bytes: what each node was reached from, and by which byte.
    private var parents: [Int32] = [0]
    private var bytes: [UInt8] = [0]
    private var lengths: [Int32] = [0]
    private var children: [UInt64: Int32] = [:]
    /// Sets as lists: the set without its last name, and that name.
    private var sets: [(rest: Int32, name: Int32)] = [(0, 0)]
    private var setIDs: [UInt64: Int32] = [:]

    var count: Int { parents.count + sets.count }

    /// The beginning of a name, one byte longer.
    mutating func append(_ byte: UInt8, to name: Int32) -> Int32 {
        let key = UInt64(UInt32(bitPattern: name)) << 8 | UInt64(byte)
        if let known = children[key] { return known }
        let id = Int32(parents.count)
        parents.append(name)
        bytes.append(byte)
        lengths.append(lengths[Int(name)] + 1)
        children[key] = id
        return id
    }

    /// The set with a name more; nil if it has the name.
    mutating func insert(_ name: Int32, into set: Int32) -> Int32? {
        var rest = set
        while rest != Self.none {
            if sets[Int(rest)].name == name { return nil }
            rest = sets[Int(rest)].rest
        }
        let key = UInt64(UInt32(bitPattern: set)) << 32 | UInt64(UInt32(bitPattern: name))
        if let known = setIDs[key] { return known }
        sets.append((set, name))
        setIDs[key] = Int32(sets.count - 1)
        return Int32(sets.count - 1)
    }

    /// What names of a set have behind a beginning that they share.
    func endings(of set: Int32, behind name: Int32) -> [[UInt8]] {
        var result: [[UInt8]] = []
        var rest = set
        while rest != Self.none {
            var node = sets[Int(rest)].name
            var ending: [UInt8] = []
            while lengths[Int(node)] > lengths[Int(name)] {
                ending.append(bytes[Int(node)])
                node = parents[Int(node)]
            }
            if node == name { result.append(ending.reversed()) }
            rest = sets[Int(rest)].rest
        }
        return result
    }

    /// Whether some name of a set begins with these bytes.
    func hasPrefix(_ name: Int32, in set: Int32) -> Bool {
        var rest = set
        while rest != Self.none {
            var node = sets[Int(rest)].name
            while lengths[Int(node)] > lengths[Int(name)] { node = parents[Int(node)] }
            if node == name { return true }
            rest = sets[Int(rest)].rest
        }
        return false
    }
}
