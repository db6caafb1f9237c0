import OpenAIAPI
import PinionJSON
import PinionWire
import Testing
import TestSupport

@Suite("JSON parser")
struct JSONParserTests {
    static let valid: [(String, JSONValue)] = [
        ("null", .null), (" true ", .bool(true)), ("\t\r\nfalse\n", .bool(false)),
        ("0", .integer(0)), ("-0", .integer(0)), ("42", .integer(42)),
        ("9223372036854775807", .integer(.max)), ("-9223372036854775808", .integer(.min)),
        ("9223372036854775808", .bigInteger("9223372036854775808")),
        ("-9223372036854775809", .bigInteger("-9223372036854775809")),
        ("3.0", .decimal(3)), ("-0.5", .decimal(-0.5)), ("1e2", .decimal(100)), ("1E+2", .decimal(100)),
        ("25e-1", .decimal(2.5)), ("1e308", .decimal(1e308)), ("1e-400", .decimal(0)), ("0e0", .decimal(0)),
        (#""""#, ""), (#""a/b""#, "a/b"), (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"),
        (#""\u0041\u00e9\uD83D\uDE00""#, "Aé😀"), (#""é😀中""#, "é😀中"), (#""\u0000""#, "\u{0}"),
        (#""a\nb\nc""#, "a\nb\nc"), ("\"\u{7F}\u{2028}\"", "\u{7F}\u{2028}"),
        ("[]", .array([])), ("[ ]", .array([])), ("[1,[2],\"x\"]", .array([.integer(1), .array([.integer(2)]), "x"])),
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
        #expect(try parseJSON(text) == value)
    }

    static let invalid = [
        "", " ", "nul", "nulll", "True", "NaN", "Infinity", "-Infinity", "undefined", "'a'", "a", "1 2", "[1", "[1,",
        "[,1]",
        "[1,]", "[1 2]", "]", "{", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}",
        "{\"a\" 1}",
        "{\"a\":}", "{,}", "{\"a\":1}}", "[1}", "{\"a\":1]", "01", "-01", "00", "-", "+1", ".5", "1.", "1.e1", "1e",
        "1e+",
        "0x10", "1_000", "--1", "1e1.5", "1e400", "-1e400", "\"", "\"a", "\"\\", "\"\\\"", "\"\\x41\"", "\"\\u12\"",
        "\"\\u12G4\"", "\"\\u\"", "\"\t\"", "\"\n\"", "\"\u{0}\"", "\"\\ud800\"", "\"\\udc00\"", "\"\\ud800\\ud800\"",
        "\"\\ud800\\n\"", "\"\\ud800x\"", "\u{FEFF}null", "null\u{0}", "// c\n1", "/* */1", "[1,2,3]x", "\u{A0}1",
        #"{"a":1,"a":2}"#, #"{"a":1,"\u0061":2}"#, #"{"1":0,"2":0,"3":0,"4":0,"5":0,"6":0,"7":0,"8":0,"9":0,"3":0}"#,
    ]

    @Test("Everything else is refused as not JSON", arguments: invalid)
    func refuses(_ text: String) {
        let error = #expect(throws: APIError.self) { try parseJSON(text) }
        #expect(error?.status == 400)
        #expect(error?.code == nil)
        #expect(error?.param == nil)
        #expect(error?.message.hasPrefix("We could not parse the JSON body of your request") == true)
    }

    @Test(
        "Invalid UTF-8 is refused, inside strings and outside",
        arguments: [
            [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22],
            [0x22, 0xF4, 0x90, 0x80, 0x80, 0x22], [0x22, 0x5C, 0x6E, 0x80, 0x22], [0xFE], [0xFF, 0xFE, 0x31, 0x00],
        ] as [[UInt8]])
    func invalidUTF8(_ bytes: [UInt8]) {
        #expect(throws: APIError.self) { try JSONValue.parse(bytes) }
    }

    @Test("A fault is told with its place")
    func offsets() {
        let error = #expect(throws: APIError.self) { try parseJSON(#"{"a": tru}"#) }
        #expect(error?.message.contains("expected 'true', but found '}' (at byte 9)") == true)
        let end = #expect(throws: APIError.self) { try parseJSON("[1,") }
        #expect(end?.message.contains("expected a value, but the text ends (at byte 3)") == true)
    }

    @Test("Names that are only canonically equivalent are different names")
    func canonicalEquivalence() throws {
        #expect(try parseJSON("{\"\u{E9}\":1,\"e\u{301}\":2}").names.count == 2)
    }

    @Test("Nesting is bounded: 128 levels parse, one more does not, a million do not trap")
    func nesting() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try parseJSON(nested(128)) }
        #expect(throws: APIError.self) { try parseJSON(nested(129)) }
        #expect(throws: APIError.self) { try parseJSON(String(repeating: "[", count: 1_000_000)) }
        #expect(throws: APIError.self) { try parseJSON(String(repeating: #"{"a":"#, count: 1_000_000)) }
    }

    @Test("Counts and lengths are bounded")
    func bounds() {
        #expect(throws: APIError.self) { try parseJSON("[" + String(repeating: "0,", count: 249_999) + "0]") }
        #expect(throws: Never.self) { try parseJSON("[" + String(repeating: "0,", count: 249_998) + "0]") }
        #expect(throws: Never.self) { try parseJSON(String(repeating: "1", count: 300)) }
        #expect(throws: APIError.self) { try parseJSON(String(repeating: "1", count: 310)) }
        #expect(throws: APIError.self) { try parseJSON("0." + String(repeating: "1", count: 100_000)) }
    }

    @Test("A large object is checked for duplicate names in a fraction of a second")
    func manyMembers() throws {
        let text = "{" + (0..<100_000).map { "\"k\($0)\":0" }.joined(separator: ",") + "}"
        var count = 0
        let time = try processorTime { count = try parseJSON(text).names.count }
        #expect(count == 100_000)
        #expect(time < .seconds(2))
    }

    @Test("20,000 mutated bodies end in a value or an error of status 400")
    func mutations() {
        let seeds: [[UInt8]] = [
            #"{"model":"m","messages":[{"role":"user","content":"h\u00e9\ud83d\ude00"}],"temperature":0.5,"n":2}"#,
            #"{"model":"m","message":[{"role":"tool","tool_call_id":"x","content":[{"type":"text","text":"é"}]}]}"#,
            #"{"stop":["a","b"],"logit_bias":{"5":-100,"7":1e2},"stream_options":{"include_usage":true},"seed":-1}"#,
            #"[null,true,false,-12.5e+3,"\\\"\/",{"a":[{}]}]"#,
        ].map { Array($0.utf8) }
        let spices = Array(#"{}[]",:\u0123456789eE+-.tfn"#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        var generator = SeededGenerator(seed: 7)
        var refused = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
                let spice = spices[Int.random(in: 0..<spices.count, using: &generator)]
                switch Int.random(in: 0..<5, using: &generator) {
                case 0 where !bytes.isEmpty: bytes[place] = spice
                case 1 where !bytes.isEmpty: bytes.remove(at: place)
                case 2 where !bytes.isEmpty: bytes.removeSubrange(place...)
                case 3 where !bytes.isEmpty: bytes.insert(contentsOf: bytes[place...].prefix(16), at: place)
                default: bytes.insert(spice, at: min(place, bytes.count))
                }
            }
            do throws(APIError) {
                _ = try ChatCompletionRequest.decode(bytes)
            } catch {
                refused += 1
                if error.status != 400 { Issue.record("\(error) for \(bytes)") }
            }
        }
        #expect(refused > 10_000)
    }
}
