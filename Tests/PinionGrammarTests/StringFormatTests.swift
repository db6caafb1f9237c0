import PinionGrammar
import PinionPattern
import TestSupport
import Testing

@Suite struct StringFormatTests {
    struct Example: Sendable, CustomTestStringConvertible {
        var format: String
        var valid: [String]
        var invalid: [String]
        var testDescription: String { format }

        init(_ format: String, _ valid: [String], not invalid: [String]) {
            self.format = format
            self.valid = valid
            self.invalid = invalid
        }
    }

    static let label63 = String(repeating: "a", count: 63)
    static let times: [Example] = [
        Example(
            "date", ["2024-02-29", "2000-02-29", "2023-12-31", "0000-01-01", "1999-04-30"],
            not: [
                "2023-02-29", "1900-02-29", "2100-02-29", "2024-02-30", "2024-04-31", "2024-13-01", "2024-00-10",
                "2024-01-00",
                "24-01-01", "2024-1-01", "20240101", "2024-W01", "2024-01-0৪", "2024-01-01 ", "",
            ]),
        Example(
            "time",
            [
                "08:30:06Z", "23:59:60Z", "23:59:60z", "23:59:60.123+00:00", "01:29:60+01:30", "23:29:60+23:30",
                "15:59:60-08:00",
                "00:29:60-23:30", "08:30:06.283185Z", "08:30:06-08:00", "00:59:60+01:00", "23:59:60-00:00",
                "22:58:60-01:01",
            ],
            not: [
                "22:59:60Z", "23:58:60Z", "23:59:60+01:00", "23:59:60+00:30", "23:59:60-01:00", "23:59:60-00:30",
                "24:00:00Z",
                "00:60:00Z", "00:00:61Z", "01:02:03+24:00", "01:02:03+00:60", "12:00:00", "12:00:00.Z", "1:00:00Z",
                "01:01:01,5Z",
                "01:02:03Z+00:30", "00:59:60+00:00", "00:00:60+00:01 ",
            ]),
        Example(
            "date-time",
            [
                "1963-06-19T08:30:06.283185Z", "1990-12-31t15:59:60-08:00", "1937-01-01T12:00:27.87+00:20",
                "2024-02-29T00:00:00z",
            ],
            not: [
                "1990-02-31T15:59:59Z", "1998-12-31T23:58:60Z", "1990-12-31T15:59:59-24:00", "2024-01-01 00:00:00Z",
                "2024-01-01T00:00:00", "2024-01-01", "2013-350T01:01:01Z",
            ]),
        Example(
            "duration",
            ["P4DT12H30M5S", "P4Y", "PT0S", "P1M", "PT1M", "PT36H", "P2W", "P1Y2M3D", "PT1H2M3S", "PT5M1S"],
            not: [
                "P", "PT", "P1YT", "PT1D", "P2D1Y", "P1D2H", "P2S", "P1Y2W", "4D", "P1", "P1Y3D", "PT1H3S", "P-1D",
                "P1.5D",
            ]),
    ]

    static let hosts: [Example] = [
        Example(
            "hostname",
            ["www.example.com", "a", "1host", "xn--4gbwdl.xn--wgbh1c", "\(label63).com", "A-b.C", longHost(253)],
            not: [
                "", ".", "a.", ".a", "-a", "a-", "a_b", "a..b", "\(label63)a.com", "例.com", longHost(254), "a b",
            ]),
        Example(
            "idn-hostname",
            ["example.com", "실례.테스트", "例子.中国", "bücher.de", "почта.рф", "ひらがな.jp", "a-ü9.de", longHost(253)],
            not: [
                "", "-ü", "ü-", "ab--c", "xn--a", "a_b", "〮실례", "א", "ü.ü.ü.ü", "e\u{301}", "中国。中国",
                String(repeating: "中", count: 10),
                "Ü.de",
            ]),
        Example(
            "email",
            [
                "joe.bloggs@example.com", "te~st@example.com", "~test@a", "\"joe bloggs\"@example.com",
                "\"a..b@c\\\"\"@example.com",
                "joe@[127.0.0.1]", "joe@[IPv6:::1]", "joe@[ipv6:1:2:3:4:5:6:7:8]",
                String(repeating: "a", count: 64) + "@b.c",
            ],
            not: [
                "2962", ".test@example.com", "test.@example.com", "te..st@example.com", "joe@invalid=domain.com",
                "joe@[127.0.0.300]",
                "joe@[::1]", "joe@[IPv6:1:2:3:4:5:6:7::]", "a@b@c", "@b.c", "a@", "a b@c.d", "\"a\"b@c.d", "실례@a.b",
                String(repeating: "a", count: 65) + "@b.c", "\"\n\"@a.b",
            ]),
        Example(
            "idn-email", ["실례@실례.테스트", "joe.bloggs@example.com", "\"é \"@bücher.de"],
            not: ["2962", "실례@", "실례@실례_", "é..é@a.b", String(repeating: "é", count: 33) + "@a.b"]),
        Example(
            "ipv4", ["192.168.0.1", "0.0.0.0", "255.255.255.255", "87.10.0.1"],
            not: [
                "127.0.0.0.1", "256.1.1.1", "127.0", "087.10.0.1", "0x7f000001", "1.2.3.4/24", "1.2.3.4 ", "1২7.0.0.1",
            ]),
        Example(
            "ipv6",
            [
                "::1", "::", "d6::", "1:d6::42", "1::d6:192.168.0.1", "::ffff:192.168.0.1", "1:2:3:4:5:6:7:8",
                "1:2:3:4:5:6:7::",
                "::2:3:4:5:6:7:8", "1000:1000:1000:1000:1000:1000:255.255.255.255", "ABCD::abcd",
            ],
            not: [
                "12345::", "::abcef", "::laptop", ":2:3:4:5:6:7:8", "1:2:3:4:5:6:7:", "1::d6::42", "1::2:192.168.256.1",
                "1:2:3:4:5:::8", "1:2:3:4:5:6:7", "1", "127.0.0.1", "fe80::/64", "fe80::a%eth1", "1:2:3:4:5:6:7::8",
                " ::1",
                "100:100:100:100:100:100:100:255.255.255.255", "1:2:3:4:1.2.3",
            ]),
        Example("ipvanyaddress", ["1.2.3.4", "::1"], not: ["1.2.3", "1.2.3.4/8"]),
        Example(
            "ipv4network", ["0.0.0.0/0", "10.0.0.0/8", "192.168.128.0/17", "1.2.3.4/32", "1.2.3.4/31"],
            not: ["10.0.0.1/8", "192.168.64.0/17", "1.2.3.5/31", "1.2.3.4/33", "1.2.3.4", "1.2.3.4/031"]),
        Example(
            "ipv6network", ["::/0", "2001:db8::/32", "2001:db8::/33", "1:2:3:4:5:6:7:8/128"],
            not: ["2001:db8::/31", "2001:db8::1/64", "::/129", "2001:db8::", "1:2:3:4:5:6:7:8/127"]),
        Example("ipvanynetwork", ["10.0.0.0/8", "2001:db8::/32"], not: ["10.0.0.0", "10.1.0.0/8"]),
        Example("ipv4interface", ["10.0.0.1/8"], not: ["10.0.0.1/33", "10.0.0.1"]),
        Example("ipv6interface", ["2001:db8::1/64"], not: ["2001:db8::1/129", "::1"]),
        Example("ipvanyinterface", ["10.0.0.1/8", "::1/0"], not: ["10.0.0.1/x"]),
    ]

    static let resources: [Example] = [
        Example(
            "uri",
            [
                "http://foo.bar/?baz=qux#quux", "http://-.~_!$&'()*+,;=:%40:80%2f::::::@example.com",
                "ldap://[2001:db8::7]/c=GB?a?b",
                "mailto:John.Doe@example.com", "urn:oasis:names:specification:docbook:dtd:xml:4.1.2",
                "tel:+1-816-555-1212",
                "file:///etc/hosts", "a:", "http://[v1.x]:80", "http://a:/b//c",
            ],
            not: [
                "//foo.bar/", "/abc", "\\\\WINDOWS\\fileshare", "abc", "http:// shouldfail.com", ":// should fail",
                "bar,baz:foo",
                "http://a/%2", "http://a#b#c", "http://2001:0db8:85a3::7334/", "http://é.com", "1a:b", "http://[::1",
                "a:[",
            ]),
        Example(
            "uri-reference", ["http://foo.bar/", "//foo.bar/?baz", "/abc", "abc", "#fragment", "", "./a:b", "?q"],
            not: ["\\\\WINDOWS\\fileshare", "#frag\\ment", "a b", ":a", "1:b"]),
        Example(
            "iri", ["http://ƒøø.ßår/?∂éœ=πîx#πîüx", "http://[2001:0db8:85a3::7334]", "http://a/?\u{E000}"],
            not: ["/abc", "âππ", "http://2001:0db8:85a3::7334", "http://a/\u{E000}", "http://a/\u{FFFE}"]),
        Example(
            "iri-reference", ["//ƒøø.ßår/", "/âππ", "âππ", "#ƒrägmênt"],
            not: ["#ƒräg\\mênt", "\\\\WINDOWS\\filëßåré", "ä b"]),
        Example(
            "uri-template",
            ["http://example.com/dictionary/{term:1}/{term}", "x", "", "{+path,a*}/{?x.y,z}", "ä{a%20b}"],
            not: ["{term", "term}", "{}", "{a:0}", "{a:10000}", "{a*:1}", "{|a}", "a b", "a'b", "{a,}", "%2"]),
        Example(
            "json-pointer", ["", "/", "/foo//bar/", "/foo/bar~0/baz~1/%a", "/k\"l", "/i\\j", "/ ", "/\u{0}\n"],
            not: ["a", "#", "/foo/bar~", "/~2", "/~~", "/~0~"]),
        Example(
            "relative-json-pointer", ["1", "0/foo/bar", "2/0/baz/1/zip", "0#", "120/foo"],
            not: ["/foo", "-1/foo", "+1", "0##", "01/a", "01#", "", "0a"]),
    ]

    static let data: [Example] = [
        Example(
            "regex",
            [
                "([abc])+\\s+$", "", "^\\d{3,5}?-[a-z_]*|x$", "(?:ab|[^0-9]){2}(?=c)", "a||b", "\\.\\/\\bé",
                "(((([A-F]))))", "(?!x)y",
            ],
            not: [
                "^(abc]", "\\a", "*", "a**", "a{3,2}", "a{10,9}", "[z-a]", "[9-0]", "(?=a)*", "^*", "(", ")", "[", "\\",
                "(?<a>b)", "{", "\\1", "(((((a)))))",
            ]),
        Example(
            "uuid", ["2eb8aa08-AA98-11ea-B4Aa-73B441D16380", "00000000-0000-0000-0000-000000000000"],
            not: [
                "2eb8aa08-aa98-11ea-b4aa-73b441d1638", "2eb8aa08aa9811eab4aa73b441d16380",
                "2eb8aa08-aa98-11ea-b4ga-73b441d16380",
            ]),
        Example(
            "byte", ["", "AAAA", "AA==", "AAA=", "+/+/"],
            not: ["A", "AA", "AAA", "AB==", "AAB=", "A===", "AA-_", "AAAA="]),
        Example("base64", ["Zm9v"], not: ["Zm9v\n"]),
        Example("base64url", ["", "AA", "AA==", "AAA", "_-8="], not: ["A", "AA=", "AB", "+/8="]),
        Example("int8", ["-128", "127", "0"], not: ["128", "-129", "-0", "01"]),
        Example("int16", ["-32768", "32767"], not: ["32768", "-32769"]),
        Example("int32", ["-2147483648", "2147483647"], not: ["2147483648", "-2147483649", "1.0"]),
        Example(
            "int64", ["-9223372036854775808", "9223372036854775807"],
            not: ["9223372036854775808", "-9223372036854775809"]),
        Example("uint8", ["0", "255"], not: ["256", "-1"]),
        Example("uint16", ["65535"], not: ["65536"]),
        Example("uint32", ["4294967295"], not: ["4294967296"]),
        Example("uint64", ["18446744073709551615"], not: ["18446744073709551616", "-1"]),
        Example("float", ["1.5", "-2e10"], not: ["NaN", "1.", ""]),
        Example("double", ["0.1"], not: ["Infinity", ".1"]),
    ]

    static let uuidVersions: [Example] = (1...8).map { version in
        Example(
            "uuid\(version)", ["98d80576-482e-\(version)27f-8434-7f86890ab222"],
            not: [
                "98d80576-482e-\(version % 8 + 1)27f-8434-7f86890ab222",
                "98d80576-482e-\(version)27f-c434-7f86890ab222",
            ])
    }

    static let examples = times + hosts + resources + data + uuidVersions

    /// A name of this many characters.
    static func longHost(_ length: Int) -> String {
        let label = String(repeating: "b", count: 49) + "."
        return String(repeating: label, count: 5) + String(repeating: "c", count: length - 250)
    }

    @Test("A format has its valid strings and none of the others", arguments: examples)
    func format(example: Example) throws {
        let language = try #require(try StringFormat.automaton(named: example.format))
        for text in example.valid {
            #expect(language.accepts(ByteAutomaton.jsonSpelling(of: text)), "\(text.debugDescription)")
        }
        for text in example.invalid {
            #expect(!language.accepts(ByteAutomaton.jsonSpelling(of: text)), "\(text.debugDescription)")
        }
    }

    @Test("Every format of the table has examples, and only texts in JSON's spelling")
    func table() throws {
        #expect(Set(Self.examples.map(\.format)) == Set(StringFormat.names))
        for name in StringFormat.names {
            let language = try #require(try StringFormat.automaton(named: name))
            #expect(try language.isSubset(of: .anyText(.jsonString)), "\(name)")
            #expect(!language.isEmpty)
        }
    }

    @Test(
        "A name that is not enforced has no language",
        arguments: [
            "", "binary", "password", "path", "file-path", "directory-path", "json-string", "Date", "date ", "unknown",
        ])
    func unknown(name: String) throws {
        #expect(try StringFormat.automaton(named: name) == nil)
    }

    @Test("A name whose comparison would take minutes is turned away at once")
    func hostileName() throws {
        let name = "date" + String(repeating: "\u{301}\u{323}", count: 200_000)
        var language: ByteAutomaton?
        let elapsed = try leastProcessorTime { language = try StringFormat.automaton(named: name) }
        #expect(language == nil)
        #expect(elapsed < .milliseconds(100))
    }

    @Test("Tasks that ask at the same time get the same language")
    func concurrent() async throws {
        let languages = try await withThrowingTaskGroup(of: ByteAutomaton?.self) { group in
            for _ in 0..<8 { group.addTask { try StringFormat.automaton(named: "date-time") } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(languages.count == 8)
        #expect(languages.allSatisfy { $0 != nil && $0 == languages[0] })
    }

    @Test("Every member of the format regex is a pattern")
    func regexMembers() throws {
        let language = try #require(try StringFormat.automaton(named: "regex"))
        var generator = SeededGenerator(seed: 21)
        var found = 0
        for _ in 0..<3_000 {
            var state: Int32 = 0
            var spelling: [UInt8] = []
            let length = Int.random(in: 1...30, using: &generator)
            while spelling.count < 200, !(language.accepting[Int(state)] && spelling.count >= length) {
                let bytes = (UInt8(0x20)...0x7E).filter { language.next(state, $0) >= 0 }
                guard let byte = bytes.randomElement(using: &generator) else { break }
                spelling.append(byte)
                state = language.next(state, byte)
            }
            guard language.accepting[Int(state)] else { continue }
            found += 1
            let text = String(decoding: spelling, as: UTF8.self).replacing("\\\"", with: "\"").replacing(
                "\\\\", with: "\\")
            #expect(throws: Never.self, "\(text)") { try Pattern(text, dialect: .ecma) }
        }
        #expect(found > 2_000)
    }

    @Test("Formats of whole numbers are ranges for numbers that are no strings, too")
    func integerRanges() throws {
        for name in NumberRange.integerFormats {
            let range = try #require(NumberRange(format: name))
            let language = try NumberLanguage.integers(in: range, multipleOf: [])
            #expect(try StringFormat.automaton(named: name) == language)
        }
        #expect(NumberRange(format: "float") == nil)
    }
}
