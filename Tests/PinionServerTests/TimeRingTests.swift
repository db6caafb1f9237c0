import PinionServer
import Testing

@Suite("Slots of time")
struct TimeRingTests {
    private struct Count: TimeSlot {
        var value = 0

        mutating func clear() { value = 0 }
    }

    /// What the slots hold, the oldest first, without those before the clock began.
    private static func values(_ ring: inout TimeRing<Count>, at seconds: Int) -> [Int] {
        var values: [Int] = []
        ring.read(at: .seconds(seconds)) { values.append($1.value) }
        return values
    }

    @Test("What happens is found in its slot, and slots in which nothing happens are empty")
    func slots() {
        var ring = TimeRing<Count>(slots: 4, of: .seconds(60))
        ring.update(at: .seconds(0)) { $0.value += 1 }
        ring.update(at: .seconds(59)) { $0.value += 1 }
        ring.update(at: .seconds(60)) { $0.value += 5 }
        ring.update(at: .seconds(185)) { $0.value += 7 }
        #expect(Self.values(&ring, at: 185) == [2, 5, 0, 7])
        #expect(ring.elapsed(at: .seconds(185)) == .seconds(5))
    }

    @Test("The oldest slot is used again, and begins empty")
    func rollover() {
        var ring = TimeRing<Count>(slots: 3, of: .seconds(1))
        for second in 0..<10 { ring.update(at: .seconds(second)) { $0.value += second } }
        #expect(Self.values(&ring, at: 9) == [7, 8, 9])
        #expect(Self.values(&ring, at: 11) == [9, 0, 0])
        ring.update(at: .seconds(11)) { $0.value += 1 }
        #expect(Self.values(&ring, at: 11) == [9, 0, 1])
    }

    @Test("After a silence longer than the ring nothing is left, however long it was")
    func silence() {
        var ring = TimeRing<Count>(slots: 3, of: .seconds(1))
        ring.update(at: .seconds(2)) { $0.value = 3 }
        let year = 366 * 86_400
        #expect(Self.values(&ring, at: year) == [0, 0, 0])
        ring.update(at: .seconds(year)) { $0.value = 4 }
        #expect(Self.values(&ring, at: year) == [0, 0, 4])
    }

    @Test("A time a little before the newest counts in its own slot, and one older than the ring nowhere")
    func outOfOrder() {
        var ring = TimeRing<Count>(slots: 3, of: .seconds(1))
        ring.update(at: .seconds(8)) { $0.value = 1 }
        ring.update(at: .milliseconds(7_999)) { $0.value = 2 }
        ring.update(at: .seconds(5)) { $0.value = 100 }
        #expect(Self.values(&ring, at: 8) == [0, 2, 1])
    }

    @Test("Before a ring has gone round once it tells only of slots that there were")
    func beginning() {
        var ring = TimeRing<Count>(slots: 5, of: .seconds(1))
        ring.update(at: .seconds(1)) { $0.value = 1 }
        var agos: [Int] = []
        ring.read(at: .seconds(2)) { ago, _ in agos.append(ago) }
        #expect(agos == [2, 1, 0])
    }
}

@Suite("Histogram of times")
struct TimeHistogramTests {
    @Test(
        "A percentile is off by an eighth at most, over the whole range",
        arguments: [1, 7, 8, 100, 999, 12_345, 1_000_000, 64_000_000, 1_000_000_000])
    func precision(microseconds: Int) throws {
        var times = TimeHistogram()
        times.record(.microseconds(microseconds))
        let told = try #require(times.milliseconds(percentile: 50))
        let exact = Double(microseconds) / 1_000
        #expect(told >= exact && told <= exact * 1.125 + 0.001)
    }

    @Test("Percentiles of many times are those of the sorted list")
    func percentiles() throws {
        var times = TimeHistogram()
        for value in 1...1_000 { times.record(.milliseconds(value)) }
        for percentile in [1, 50, 95, 99, 100] {
            let told = try #require(times.milliseconds(percentile: percentile))
            #expect(abs(told - Double(percentile * 10)) <= Double(percentile * 10) * 0.13)
        }
        #expect(times.milliseconds(percentile: 50).map { abs($0 - 500) < 10 } == true, "spread evenly over a bucket")
    }

    @Test("One slow time among a hundred shows in the last percentile only")
    func outlier() throws {
        var times = TimeHistogram()
        for _ in 0..<99 { times.record(.milliseconds(10)) }
        times.record(.seconds(3))
        #expect(try #require(times.milliseconds(percentile: 99)) < 12)
        #expect(try #require(times.milliseconds(percentile: 100)) > 2_900)
    }

    @Test("Times below none and without end are counted, at the ends of the range")
    func extremes() throws {
        var times = TimeHistogram()
        times.record(.seconds(-5))
        times.record(.zero)
        #expect(try #require(times.milliseconds(percentile: 100)) <= 0.001)
        times.clear()
        #expect(times.milliseconds(percentile: 50) == nil)
        times.record(.seconds(Int64.max))
        times.record(.seconds(100_000))
        let told = try #require(times.milliseconds(percentile: 50))
        #expect(told > 900_000 && told < 1_100_000)
    }

    @Test("Histograms add up")
    func sum() throws {
        var (left, right) = (TimeHistogram(), TimeHistogram())
        for _ in 0..<3 { left.record(.milliseconds(1)) }
        right.record(.milliseconds(100))
        left.add(right)
        #expect(try #require(left.milliseconds(percentile: 75)) < 1.2)
        #expect(try #require(left.milliseconds(percentile: 76)) > 90)
    }
}
