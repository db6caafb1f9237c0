import PinionJSON
import TestSupport
import Testing

@Suite("JSON values")
struct JSONValueTests {
    static let valid: [(String, JSONValue)] = [
        ("null", .null), (" true ", .bool(true)), ("\t\r\nfalse\n", .bool(false)),
        ("0", .integer(0)), ("-0", .integer(0)), ("42", .integer(42)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .bigInteger("9223372036854775808")),
        ("-9223372036854775809", .bigInteger("-9223372036854775809")),
        ("3.0", .decimal(3)), ("-0.5", .decimal(-0.5)), ("1e2", .decimal(100)), ("1E+2", .decimal(100)),
        ("25e-1", .decimal(2.5)), ("1e308", .decimal(1e308)), ("1e-400", .decimal(0)), ("0e0", .decimal(0)),
        (#""""#, .string("")), (#""a/b""#, .string("a/b")),
        (#""\"\\\/\b\f\n\r\t""#, .string("\"\\/\u{8}\u{C}\n\r\t")),
        (#""\u0041\u00e9\uD83D\uDE00""#, .string("Aé😀")), (#""é😀中""#, .string("é😀中")),
        (#""é\n😀""#, .string("é\n😀")), (#""\u0000""#, .string("\u{0}")),
        ("\"\u{7F}\u{2028}\"", .string("\u{7F}\u{2028}")),
        ("[]", .array([])), ("[ ]", .array([])),
        ("[1,[2],\"x\"]", .array([.integer(1), .array([.integer(2)]), .string("x")])),
        ("{}", .object(JSONObject())), (#"{ "" : 1 }"#, .object(JSONObject([.init(name: "", value: .integer(1))]))),
        (
            #"{"b":1,"a":{"c":[]}}"#,
            .object(
                JSONObject([
                    .init(name: "b", value: .integer(1)),
                    .init(name: "a", value: .object(JSONObject([.init(name: "c", value: .array([]))]))),
                ]))
        ),
    ]

    @Test("Valid texts parse to their value", arguments: valid)
    func accepts(_ text: String, _ value: JSONValue) throws {
        #expect(try parse(text) == value)
    }

    static let invalid = [
        "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", "1 2", "[1", "[1,", "[,1]",
        "[1,]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
        "{\"a\" 1}", "{\"a\":}", "{,}", "{\"a\":1}}", "[1}", "{\"a\":1]", "01", "-01", "00", "-", "+1", ".5", "1.",
        "1.e1", "1e", "1e+", "0x10", "1_000", "--1", "1e1.5", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x41\"",
        "\"\\u12\"", "\"\\u12G4\"", "\"\\u\"", "\"\t\"", "\"\n\"", "\"\u{0}\"", "\"\\ud800\"", "\"\\udc00\"",
        "\"\\ud800\\ud800\"", "\"\\ud800\\n\"", "\"\\ud800x\"", "\u{FEFF}null", "null\u{0}", "// c\n1", "/* */1",
        "[1,2,3]x", "\u{A0}1",
    ]

    @Test("Everything else breaks the grammar", arguments: invalid)
    func refuses(_ text: String) {
        #expect(throws: JSONError.self) { try parse(text) }
        // A reader that keeps nothing checks the same grammar.
        #expect(throws: JSONError.self) { try skip(text) }
        #expect((failure(of: text)?.code).map { [.syntax, .type].contains($0) } == true)
    }

    @Test("Nothing but white space is told apart from a broken text", arguments: ["", " ", "\n\t"])
    func empty(_ text: String) {
        #expect(failure(of: text)?.code == .empty)
    }

    @Test(
        "A name that an object holds twice is refused, however it is spelled",
        arguments: [
            #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#,
            #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"3":0}"#,
        ])
    func duplicateNames(_ text: String) {
        #expect(failure(of: text)?.code == .duplicateName)
    }

    @Test(
        "Invalid UTF-8 is refused, inside strings and outside",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22], [0xFE], [0xFF, 0xFE, 0x31, 0x00],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        #expect(throws: JSONError.self) { try JSONValue.parse(bytes, limits: limits) }
    }

    @Test("A fault is told with its place")
    func offsets() {
        #expect(failure(of: #"{"a": tru}"#)?.description == "expected 'true', but found '}' (at byte 9)")
        #expect(failure(of: "[1,")?.description == "expected a value, but the text ends (at byte 3)")
        #expect(failure(of: #"{"a":1, "a":2}"#)?.offset == 8)
    }

    @Test("Names that are only canonically equivalent are different names")
    func canonicalEquivalence() throws {
        guard case .object(let object) = try parse("{\"\u{E9}\":1,\"e\u{301}\":2}") else {
            Issue.record("an object was written")
            return
        }
        #expect(object.members.count == 2)
        #expect(object["e\u{301}"] == .integer(2))
        #expect(JSONValue.string("\u{E9}") != .string("e\u{301}"))
    }

    @Test("Every limit holds to the last value, and a million levels do not trap")
    func bounds() {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(failure(of: nested(limits.depth)) == nil)
        #expect(failure(of: nested(limits.depth + 1))?.code == .limit)
        #expect(failure(of: String(repeating: "[", count: 1_000_000))?.code == .limit)
        #expect(failure(of: String(repeating: #"{"a":"#, count: 1_000_000))?.code == .limit)
        let items = String(repeating: "0,", count: limits.values - 2)
        #expect(failure(of: "[" + items + "0]") == nil)
        #expect(failure(of: "[0," + items + "0]")?.code == .limit)
        let digits = String(repeating: "1", count: limits.numberLength - 2)
        #expect(failure(of: "0." + digits) == nil)
        #expect(failure(of: "0.1" + digits)?.code == .limit)
        #expect(failure(of: "1e400")?.code == .limit)
        let name = String(repeating: "n", count: limits.nameLength)
        #expect(failure(of: "{\"\(name)\":0}") == nil)
        #expect(failure(of: "{\"\(name)n\":0}")?.code == .limit)
    }

    @Test("Hostile combining marks cost linear time, as names, as strings and compared")
    func combiningMarks() throws {
        let marks = "a" + String(repeating: "\u{301}\u{316}", count: 1 << 18)
        let text = "{\"k\":\"\(marks)\",\"l\":\"\(marks)\"}"
        let time = try processorTime {
            let value = try parse(text)
            #expect(try parse(text) == value)
        }
        #expect(time < .seconds(2))
    }

    @Test("A message repeats at most 80 bytes of a text, whole characters' scalars")
    func quotes() {
        #expect(JSONValue.quoted("short") == "short")
        let long = String(repeating: "é", count: 60)
        #expect(JSONValue.quoted(long) == String(repeating: "é", count: 40) + "…")
        let odd = "x" + long
        #expect(JSONValue.quoted(odd) == "x" + String(repeating: "é", count: 39) + "…")
        let marks = "a" + String(repeating: "\u{301}", count: 100_000)
        #expect(JSONValue.quoted(marks).utf8.count <= JSONValue.maximumQuoteLength + "…".utf8.count)
    }

    private func failure(of text: String) -> JSONError? {
        do throws(JSONError) {
            _ = try parse(text)
            return nil
        } catch {
            return error
        }
    }
}

let limits = JSONLimits(depth: 128, values: 250_000)

func parse(_ text: String) throws(JSONError) -> JSONValue {
    try JSONValue.parse(Array(text.utf8), limits: limits)
}

func skip(_ text: String) throws(JSONError) {
    try JSONReader.read(Array(text.utf8), limits: limits) { (reader) throws(JSONError) in try reader.skipValue() }
}
