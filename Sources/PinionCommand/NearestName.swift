/// Finds the known name that a mistyped one was meant to be.
enum NearestName {
    /// Letters that may be missing, added or wrong: two, so that swapped neighbours are found and other words are not.
    private static let maximumDistance = 2

    /// The nearest of the known names; nil when none is near.
    static func of(_ name: String, among known: [String]) -> String? {
        let distances = known.map { (name: $0, distance: distance(Array(name.utf8), Array($0.utf8))) }
        return distances.filter { $0.distance <= maximumDistance }.min { $0.distance < $1.distance }?.name
    }

    /// Levenshtein's distance in bytes; for lengths that differ too much only a number beyond the maximum.
    private static func distance(_ a: [UInt8], _ b: [UInt8]) -> Int {
        guard abs(a.count - b.count) <= maximumDistance else { return maximumDistance + 1 }
        var row = Array(0...b.count)
        for (i, byte) in a.enumerated() {
            var diagonal = row[0]
            row[0] = i + 1
            for (j, other) in b.enumerated() {
                let substituted = diagonal + (byte == other ? 0 : 1)
                diagonal = row[j + 1]
                row[j + 1] = min(substituted, row[j] + 1, diagonal + 1)
            }
        }
        return row[b.count]
    }
}
