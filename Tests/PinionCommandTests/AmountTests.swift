import Foundation
import PinionCommand
import Testing

@Suite("Amounts and times of commands")
struct AmountTests {
    private static let maximum = 1 << 53

    @Test(
        "Decimal amounts are read to the last digit",
        arguments: [
            ("0", 0), ("1", 1_000_000_000), ("1.5", 1_500_000_000), ("0.000000001", 1), ("00012.10", 12_100_000_000),
            ("9007199.254740992", 1 << 53), ("0.1", 100_000_000),
        ])
    func amounts(text: String, parts: Int) {
        #expect(DecimalAmount.parts(of: text, digits: 9, maximum: Self.maximum) == parts)
    }

    @Test(
        "What is no amount, too fine or too large is refused",
        arguments: [
            "", ".", "1.", ".5", "-1", "+1", "1,5", "1e3", " 1", "1 ", "1.5.0", "0x1", "١", "1.0000000001", "none",
            "NaN",
            "9007199.254740993", "99999999999999999999999999", "1\u{301}",
        ])
    func noAmounts(text: String) {
        #expect(DecimalAmount.parts(of: text, digits: 9, maximum: Self.maximum) == nil)
    }

    @Test("Without decimals only whole numbers are read, up to the largest")
    func whole() {
        #expect(DecimalAmount.parts(of: "9007199254740992", digits: 0, maximum: Self.maximum) == 1 << 53)
        for text in ["9007199254740993", "1.0", "1.", "-0", "9223372036854775808"] {
            #expect(DecimalAmount.parts(of: text, digits: 0, maximum: Self.maximum) == nil, "\(text)")
        }
    }

    @Test("An amount is written as it is read, with two decimals or as many as it has")
    func written() {
        for (parts, text) in [
            (0, "0.00"), (1, "0.000000001"), (1_500_000_000, "1.50"), (12_345_000_000, "12.345"),
            (1 << 53, "9007199.254740992"),
        ] {
            #expect(DecimalAmount.text(parts, digits: 9) == text)
            #expect(DecimalAmount.parts(of: text, digits: 9, maximum: Self.maximum) == parts)
        }
        #expect(DecimalAmount.text(250, digits: 3) == "0.25" && DecimalAmount.text(1, digits: 3) == "0.001")
    }

    @Test(
        "A time is a date, or how long it is from now",
        arguments: [
            ("2026-12-31", 1_798_675_200), ("2026-12-31T18:00:00Z", 1_798_740_000), ("90s", 90), ("45m", 2_700),
            ("24h", 86_400), ("30d", 2_592_000), ("2w", 1_209_600), ("0s", 0), ("2028-02-29T00:00:00Z", 1_835_395_200),
            ("2026-12-31T23:59:59.999Z", 1_798_761_599), ("2026-12-31T18:00:00+02:30", 1_798_731_000),
            ("2026-12-31T18:00:00-0230", 1_798_749_000), ("2026-12-31T18:00:00+02", 1_798_732_800),
        ])
    func times(text: String, seconds: TimeInterval) throws {
        let now = Date(timeIntervalSince1970: 0)
        #expect(try TimeArgument.date(text, option: "--expires", now: now).timeIntervalSince1970 == seconds)
    }

    @Test(
        "What is no time is refused by its option, with what is expected",
        arguments: [
            "", "d", "5", "-5d", "+5d", "5x", "5 d", "2026-02-30", "2026-13-01", "tomorrow", "2026-12-31T", "1e3d",
            "2027-02-30T10:00:00Z", "2027-02-29T10:00:00Z", "2027-01-31T25:00:00Z", "2027-01-31T24:00:00Z",
            "2027-01-31T10:61:00Z", "2027-01-31T10:00:61Z", "2027-01-31T10:00:60Z", "2027-01-31T10:00:00",
            "2027-01-31T10:00:00Zx", "2027-01-31T10:00:00.Z", "2027-01-31T10:00:00+24:00", "2027-01-31T10:00:00+02:60",
            "2027-01-31T10:00:00+2", "2027-01-31T10:00:00+02:0", "2027-01-31T1:00:00Z", "2027-01-31T10:00Z",
            "2027-01-31T10:00:00\u{301}Z", "2027-01-31 10:00:00Z", "2027-13-01T10:00:00Z", "2027-01-31T-1:00:00Z",
            "99999999999999999999d", "9223372036854775807w", "4000000000s", String(repeating: "9", count: 10_000) + "d",
        ])
    func noTimes(text: String) {
        let error = #expect(throws: (any Error).self) { try TimeArgument.date(text, option: "--expires") }
        #expect(error.map { "\($0)".hasPrefix("--expires: expected a date such as") } == true)
        #expect(throws: (any Error).self) { try TimeArgument.duration(text, option: "--grace") }
    }

    @Test("An argument may have marks, but not without end")
    func marks() {
        let most = String(repeating: "\u{301}", count: ArgumentText.maximumMarks)
        for text in ["", "--name", "e\u{301}", "漢字 😀", most, "a\(most)b\(most)", String(repeating: "é", count: 1_000)] {
            #expect(!ArgumentText.hasEndlessMarks(text))
        }
        #expect(ArgumentText.hasEndlessMarks("a\(most)\u{316}"))
        #expect(ArgumentText.hasEndlessMarks("--name=" + String(repeating: "\u{301}\u{316}", count: 16_000)))
    }

    @Test("A grace may be nothing")
    func grace() throws {
        #expect(try TimeArgument.duration("0", option: "--grace") == .zero)
        #expect(try TimeArgument.duration("24h", option: "--grace") == .seconds(86_400))
    }
}
