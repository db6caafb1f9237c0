import PinionGrammar
import PinionJSON
import TestSupport
import Testing

@Suite struct NumberLanguageTests {
    static func number(_ spelling: String) throws -> DecimalNumber { try DecimalNumber(spelling) }

    static func accepts(_ language: ByteAutomaton, _ text: String) -> Bool { language.accepts(Array(text.utf8)) }

    @Test("Integers are written without leading zeros, a signed zero, fraction and exponent")
    func anyInteger() throws {
        let language = try NumberLanguage.integers(in: .all, multipleOf: [])
        for text in ["0", "1", "-1", "10", "999999999999999999", "-999999999999999999"] {
            #expect(Self.accepts(language, text), "\(text)")
        }
        for text in ["", "-", "-0", "00", "01", "-01", "1.0", "1e1", "+1", "1000000000000000000"] {
            #expect(!Self.accepts(language, text), "\(text)")
        }
    }

    @Test("Numbers have an optional fraction and exponent, and zero no sign")
    func anyNumber() throws {
        let language = try NumberLanguage.numbers(in: .all, multipleOf: [])
        for text in ["0", "0.0", "-0.5", "1.25e10", "-1e-9", "0e0", "3.0", "-0.01e5", "1e+99"] {
            #expect(Self.accepts(language, text), "\(text)")
        }
        for text in [
            "-0", "-0.0", "-0.00e5", "-0e1", ".5", "1.", "1.e5", "1e", "1e100", "1E5", "00.5", "0.12345678901234567",
        ] {
            #expect(!Self.accepts(language, text), "\(text)")
        }
        #expect(try NumberLanguage.integers(in: .all, multipleOf: []).isSubset(of: language))
    }

    @Test("Random ranges and divisors hold exactly the numbers that they should")
    func randomRanges() throws {
        var generator = SeededGenerator(seed: 5)
        // All numbers are thousandths, so that they can be compared as integers.
        func thousandths() -> (Int, DecimalNumber) {
            let scale = [1, 10, 100, 1_000].randomElement(using: &generator) ?? 1
            let value =
                Int.random(in: -2_500...2_500, using: &generator) * scale
                / ([1, 1_000].randomElement(using: &generator) ?? 1)
            return (value, (try? DecimalNumber("\(value)e-3")) ?? .zero)
        }
        for _ in 0..<400 {
            let (low, minimum) = thousandths()
            let (high, maximum) = thousandths()
            let range = NumberRange(
                minimum: Bool.random(using: &generator) ? minimum : nil,
                isMinimumExclusive: Bool.random(using: &generator),
                maximum: Bool.random(using: &generator) ? maximum : nil,
                isMaximumExclusive: Bool.random(using: &generator))
            let divisors = (0..<Int.random(in: 0...2, using: &generator)).map { _ in
                [1, 5, 10, 25, 100, 125, 500, 1_000, 2_500, 3_000, 7_000, 100_000].randomElement(using: &generator) ?? 1
            }
            let decimals = try divisors.map { try DecimalNumber("\($0)e-3") }
            let numbers = try NumberLanguage.numbers(in: range, multipleOf: decimals)
            let integers = try NumberLanguage.integers(in: range, multipleOf: decimals)
            for _ in 0..<80 {
                let near = [0, low, high].randomElement(using: &generator) ?? 0
                let value =
                    near + Int.random(in: -30...30, using: &generator)
                    * ([1, 10, 1_000].randomElement(using: &generator) ?? 1)
                let isInRange =
                    (range.minimum == nil || (range.isMinimumExclusive ? value > low : value >= low))
                    && (range.maximum == nil || (range.isMaximumExclusive ? value < high : value <= high))
                let isExpected = isInRange && divisors.allSatisfy { value % $0 == 0 }
                let text = try DecimalNumber("\(value)e-3").description
                #expect(Self.accepts(numbers, text) == isExpected, "\(text) in \(range) by \(divisors)")
                #expect(
                    Self.accepts(integers, text) == (isExpected && value % 1_000 == 0),
                    "\(text) in \(range) by \(divisors)")
                #expect(try range.contains(DecimalNumber(text)) == isInRange)
            }
        }
    }

    @Test("Small ranges are listed whole")
    func listed() throws {
        func texts(_ language: ByteAutomaton) -> [String]? {
            language.texts(atMost: 100)?.map { String(decoding: $0, as: UTF8.self) }.sorted()
        }
        let five = try NumberLanguage.integers(
            in: NumberRange(minimum: Self.number("-2.5"), maximum: Self.number("1.0")), multipleOf: [])
        #expect(texts(five) == ["-1", "-2", "0", "1"])
        let tenths = try NumberLanguage.numbers(
            in: NumberRange(minimum: .zero, maximum: Self.number("0.3")), multipleOf: [Self.number("0.1")])
        #expect(texts(tenths) == ["0", "0.0", "0.1", "0.2", "0.3"])
        let byteLike = try NumberLanguage.integers(
            in: NumberRange(minimum: .zero, maximum: DecimalNumber(255)), multipleOf: [])
        #expect(byteLike.texts(atMost: 256)?.count == 256)
        let none = try NumberLanguage.integers(
            in: NumberRange(minimum: Self.number("0.1"), maximum: Self.number("0.9")), multipleOf: [])
        #expect(none == .none)
        #expect(
            try NumberLanguage.numbers(
                in: NumberRange(minimum: DecimalNumber(5), maximum: DecimalNumber(4)), multipleOf: []) == .none)
        let hundreds = try NumberLanguage.integers(
            in: NumberRange(minimum: DecimalNumber(-250), maximum: DecimalNumber(400)), multipleOf: [Self.number("1e2")]
        )
        #expect(texts(hundreds) == ["-100", "-200", "0", "100", "200", "300", "400"])
    }

    @Test("Bounds with many digits have as many digits as they need")
    func manyDigits() throws {
        let beyond = try NumberLanguage.integers(
            in: NumberRange(minimum: Self.number("999999999999999999999999"), isMinimumExclusive: true), multipleOf: [])
        #expect(Self.accepts(beyond, "1000000000000000000000000"))
        #expect(!Self.accepts(beyond, "999999999999999999999999"))
        let narrow = try NumberLanguage.numbers(
            in: NumberRange(
                minimum: Self.number("1e-30"), isMinimumExclusive: true, maximum: Self.number("2e-30"),
                isMaximumExclusive: true),
            multipleOf: [])
        #expect(Self.accepts(narrow, "0.0000000000000000000000000000015"))
        #expect(!Self.accepts(narrow, "0.000000000000000000000000000002"))
        let doubles = try NumberLanguage.numbers(
            in: NumberRange(
                minimum: Self.number("-1.7976931348623157e308"), maximum: Self.number("1.7976931348623157e308")),
            multipleOf: [])
        #expect(Self.accepts(doubles, "17976931348623157" + String(repeating: "0", count: 292)))
        #expect(!Self.accepts(doubles, "17976931348623158" + String(repeating: "0", count: 292)))
    }

    @Test("A divisor that needs too many remainders is refused, one with many zeros is not")
    func divisors() throws {
        let large = try NumberLanguage.integers(in: .all, multipleOf: [Self.number("1e12"), DecimalNumber(6)])
        #expect(Self.accepts(large, "3000000000000"))
        #expect(!Self.accepts(large, "1000000000000"))
        #expect(Self.accepts(large, "0"))
        for divisor in ["0", "-1"] {
            #expect { try NumberLanguage.integers(in: .all, multipleOf: [Self.number(divisor)]) } throws: {
                ($0 as? GrammarError)?.code == .invalid
            }
        }
        let elapsed = try processorTime {
            for divisor in ["123456789", "0.123456789", "1234567890123456789", "99999989"] {
                let number = try Self.number(divisor)
                #expect { try NumberLanguage.numbers(in: .all, multipleOf: [number]) } throws: {
                    ($0 as? GrammarError)?.code == .limit
                }
            }
        }
        #expect(elapsed < .seconds(1))
    }

    @Test(
        "Decimal numbers compare exactly",
        arguments: [
            ("-2", "-1.5"), ("-1e-400", "0"), ("0", "1e-400"), ("0.1", "0.11"), ("0.9", "1"), ("99", "1e2"),
            ("1e2", "100.5"),
            ("123456789012345678901", "123456789012345678902"), ("-10", "-9"), ("9.99e-5", "1e-4"),
        ])
    func comparison(smaller: String, larger: String) throws {
        let (a, b) = (try Self.number(smaller), try Self.number(larger))
        #expect(a < b)
        #expect(!(b < a))
        #expect(a != b)
    }

    @Test("Equal numbers are equal however they are written")
    func equality() throws {
        #expect(try Self.number("1.50e2") == Self.number("150"))
        #expect(try Self.number("-0.0e7") == .zero)
        #expect(try Self.number("0.01") == Self.number("1E-2"))
        #expect(try DecimalNumber(JSONValue.decimal(0.1)) == Self.number("0.1"))
        #expect(try DecimalNumber(JSONValue.integer(-7)) == DecimalNumber(-7))
        #expect(
            try DecimalNumber(JSONValue.bigInteger("123456789012345678901")) == Self.number("123456789012345678901"))
        #expect(try DecimalNumber(JSONValue.null) == nil)
        #expect(DecimalNumber(Int.min).description == "\(Int.min)")
        #expect(try Self.number("-1200e-4").description == "-0.12")
    }

    @Test(
        "A text that is no number of JSON is refused",
        arguments: ["", "-", "01", "1.", ".5", "1e", "+1", "1 ", "0x1", "1e+", "NaN", "--1"])
    func malformed(text: String) {
        #expect { try DecimalNumber(text) } throws: { ($0 as? GrammarError)?.code == .invalid }
    }

    @Test(
        "A number that is too long is refused",
        arguments: ["1e401", "1e-401", "1e999999999999999999999", "-1e-99999999999"])
    func tooLong(text: String) {
        #expect { try DecimalNumber(text) } throws: { ($0 as? GrammarError)?.code == .limit }
    }

    @Test("Ranges intersect by their stronger bounds")
    func intersections() throws {
        let a = NumberRange(minimum: DecimalNumber(1), maximum: DecimalNumber(5), isMaximumExclusive: true)
        let b = NumberRange(minimum: DecimalNumber(1), isMinimumExclusive: true, maximum: DecimalNumber(7))
        let expected = NumberRange(
            minimum: DecimalNumber(1), isMinimumExclusive: true, maximum: DecimalNumber(5), isMaximumExclusive: true)
        #expect(a.intersection(b) == expected)
        #expect(b.intersection(a) == expected)
        #expect(a.intersection(.all) == a)
        #expect(NumberRange.all.intersection(a) == a)
    }
}
