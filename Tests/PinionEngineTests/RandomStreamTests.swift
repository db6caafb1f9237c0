import PinionEngine
import Testing

@Suite("Random stream")
struct RandomStreamTests {
    private static let bins = 100
    private static let draws = 100_000

    /// Counts over 100 equal bins must look uniform.
    private func expectUniform(_ value: (Int) -> Double) {
        var counts = [Int](repeating: 0, count: Self.bins)
        for draw in 0..<Self.draws {
            // Out of [0, 1) there is no bin, and the test ends in a trap.
            counts[Int(value(draw) * Double(Self.bins))] += 1
        }
        let fit = ChiSquare.test(counts, Array(repeating: 1 / Double(Self.bins), count: Self.bins))
        #expect(fit.statistic < fit.bound, "chi-square \(fit.statistic), at most \(fit.bound) expected")
    }

    @Test("Numbers are uniform along a stream, across seeds and across streams")
    func uniform() {
        let stream = RandomStream(seed: 42, stream: 0)
        expectUniform { stream.uniform(at: $0) }
        expectUniform { RandomStream(seed: UInt64($0), stream: 0).uniform(at: 0) }
        expectUniform { RandomStream(seed: UInt64($0) << 40, stream: 3).uniform(at: 17) }
        expectUniform { RandomStream(seed: 7, stream: $0).uniform(at: 5) }
    }

    @Test("Neighbours in index, seed and stream are independent")
    func independence() {
        func pair(_ a: Double, _ b: Double) -> Double { (Double(Int(a * 10)) * 10 + b * 10) / 100 }
        let stream = RandomStream(seed: 42, stream: 0)
        expectUniform { pair(stream.uniform(at: $0), stream.uniform(at: $0 + 1)) }
        expectUniform { index in
            pair(
                RandomStream(seed: UInt64(index), stream: 0).uniform(at: 0),
                RandomStream(seed: UInt64(index) + 1, stream: 0).uniform(at: 0))
        }
        expectUniform { index in
            pair(
                RandomStream(seed: UInt64(index), stream: 0).uniform(at: 2),
                RandomStream(seed: UInt64(index), stream: 1).uniform(at: 2))
        }
    }

    @Test("A number depends on seed, stream and index alone")
    func pure() {
        let stream = RandomStream(seed: .max, stream: -1)
        let forward = (0..<50).map { stream.uniform(at: $0) }
        let again = RandomStream(seed: .max, stream: -1)
        #expect((0..<50).reversed().map { again.uniform(at: $0) } == forward.reversed())
        #expect(Set(forward).count == 50)
        #expect((0..<1).contains(stream.uniform(at: .max)) && (0..<1).contains(stream.uniform(at: .min)))
    }
}
