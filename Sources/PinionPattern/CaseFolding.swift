/// Simple (one scalar to one scalar) case equivalence, for `(?i)`.
///
/// Two scalars are equivalent when the lower case of their upper case is the same, which joins `s`, `S` and `ſ`, or `k`,
/// `K` and the Kelvin sign. Mappings to several scalars (`ß` to `SS`) take no part.
enum CaseFolding {
    /// Sets up to this many scalars are closed scalar by scalar; larger ones by walking all groups.
    private static let smallSetCount = 64

    /// The set together with every scalar that is case-equivalent to a member.
    static func closure(of set: ScalarSet) -> ScalarSet {
        var added: [ClosedRange<UInt32>] = []
        if set.count <= smallSetCount {
            for range in set.ranges {
                for scalar in range {
                    guard let group = groupOfScalar[scalar] else { continue }
                    added += groups[group].map { $0...$0 }
                }
            }
        } else {
            for group in groups where group.contains(where: set.contains) {
                added += group.map { $0...$0 }
            }
        }
        return added.isEmpty ? set : ScalarSet(set.ranges + added)
    }

    private static let groups: [[UInt32]] = {
        var members: [UInt32: [UInt32]] = [:]
        for value in UInt32(0)...0x1FFFF {
            guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenCaseMapped else { continue }
            members[fold(scalar), default: []].append(value)
        }
        return members.values.filter { $0.count > 1 }
    }()

    private static let groupOfScalar: [UInt32: Int] = {
        var index: [UInt32: Int] = [:]
        for (number, group) in groups.enumerated() {
            for scalar in group { index[scalar] = number }
        }
        return index
    }()

    private static func fold(_ scalar: Unicode.Scalar) -> UInt32 {
        let upper = single(scalar.properties.uppercaseMapping) ?? scalar
        return (single(upper.properties.lowercaseMapping) ?? upper).value
    }

    private static func single(_ mapping: String) -> Unicode.Scalar? {
        let scalars = mapping.unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else { return nil }
        return first
    }
}
