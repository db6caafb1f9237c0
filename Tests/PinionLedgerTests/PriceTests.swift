import PinionLedger
import Testing

@Suite("Prices and patterns of models")
struct PriceTests {
    @Test("A cost is exact, and counts the prompt once")
    func cost() {
        let prices = Prices(input: 150, cachedInput: 75, output: 600)
        #expect(prices.cost(of: TokenCounts(input: 100, cached: 40, output: 7)) == 60 * 150 + 40 * 75 + 7 * 600)
        #expect(prices.cost(of: TokenCounts(input: 0, output: 0)) == 0)
        #expect(prices.bound(input: 100, output: 7) == 100 * 150 + 7 * 600)
    }

    @Test("A cost that no integer holds saturates")
    func saturation() {
        let prices = Prices(input: Prices.maximum, cachedInput: 0, output: Prices.maximum)
        #expect(prices.cost(of: TokenCounts(input: .max / 2, output: .max / 2)) == .max)
    }

    @Test(
        "A star stands for any text",
        arguments: [
            ("*", "a/b", true), ("a/*", "a/b", true), ("a/*", "b/a", false), ("*/q4", "x/y/q4", true),
            ("a*b*c", "aXbYc", true), ("a*b*c", "aXbY", false), ("a", "a", true), ("a", "ab", false), ("**", "", true),
        ])
    func patterns(pattern: String, id: String, matches: Bool) throws {
        #expect(try #require(ModelPattern(pattern)).matches(id) == matches)
    }

    @Test("A pattern of many stars is matched in time that its length times the id's bounds")
    func hostilePattern() throws {
        let pattern = try #require(ModelPattern(String(repeating: "a*", count: 127) + "b"))
        #expect(!pattern.matches(String(repeating: "a", count: 4_096)))
    }
}
