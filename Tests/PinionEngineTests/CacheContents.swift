import PinionEngine

/// What the blocks of a cache would hold: of each place, a digest of the tenant and of all tokens up to it.
struct CacheContents {
    private let blockTokens: Int
    private var places: [UInt64]

    init(blocks: Int, blockTokens: Int) {
        self.blockTokens = blockTokens
        places = Array(repeating: 0, count: blocks * blockTokens)
    }

    /// Makes a step's copies and stores what it computes; drafts are stored as nobody's.
    mutating func apply(_ plan: StepPlan, text: (SequenceID) -> (tenant: Int, tokens: [Int32])?) {
        for copy in plan.copies {
            for slot in 0..<blockTokens {
                places[Int(copy.target) * blockTokens + slot] = places[Int(copy.source) * blockTokens + slot]
            }
        }
        for entry in plan.entries {
            guard let (tenant, tokens) = text(entry.id) else { continue }
            write(tenant: tenant, tokens, entry.range, entry.blocks)
            for position in entry.range.upperBound..<entry.range.upperBound + entry.drafts {
                places[place(position, entry.blocks)] = 0
            }
        }
    }

    mutating func write(tenant: Int, _ tokens: [Int32], _ range: Range<Int>, _ blocks: [Int32]) {
        guard !range.isEmpty else { return }
        let digests = Self.digests(tenant, tokens.prefix(range.upperBound))
        for position in range { places[place(position, blocks)] = digests[position] }
    }

    /// The first position below `count` whose place holds something else than it should.
    func firstDifference(tenant: Int, _ tokens: [Int32], count: Int, _ blocks: [Int32]) -> Int? {
        let digests = Self.digests(tenant, tokens.prefix(count))
        return (0..<count).first { places[place($0, blocks)] != digests[$0] }
    }

    private func place(_ position: Int, _ blocks: [Int32]) -> Int {
        Int(blocks[position / blockTokens]) * blockTokens + position % blockTokens
    }

    private static func digests(_ tenant: Int, _ tokens: ArraySlice<Int32>) -> [UInt64] {
        var state = UInt64(tenant + 1) &* 0x9E37_79B9_7F4A_7C15
        return tokens.map { token in
            state = (state ^ UInt64(UInt32(bitPattern: token))) &* 0x1000_0000_01B3
            state ^= state >> 29
            return state
        }
    }
}
