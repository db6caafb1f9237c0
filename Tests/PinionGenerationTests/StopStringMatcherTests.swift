import PinionGeneration
import Testing

@Suite("Stop strings")
struct StopStringMatcherTests {
    struct Outcome: Equatable, CustomStringConvertible {
        var text: [UInt8]
        var stopped: Bool

        init(_ text: String, stopped: Bool) {
            self.text = Array(text.utf8)
            self.stopped = stopped
        }

        var description: String { "'\(String(decoding: text, as: UTF8.self))'\(stopped ? " stopped" : "")" }
    }

    /// The rule in its plainest form: text grows by one character until it ends in a stop string, the longest if several.
    static func expected(_ text: String, _ stops: [String]) -> Outcome {
        var read = ""
        for scalar in text.unicodeScalars {
            read.unicodeScalars.append(scalar)
            let bytes = Array(read.utf8)
            let lengths = stops.map(\.utf8).filter { bytes.suffix($0.count).elementsEqual($0) && !$0.isEmpty }.map(
                \.count)
            guard let longest = lengths.max() else { continue }
            return Outcome(String(decoding: bytes.dropLast(longest), as: UTF8.self), stopped: true)
        }
        return Outcome(text, stopped: false)
    }

    /// Runs the matcher over pieces; what is released must at all times be everything but a beginning of a stop string.
    static func run(_ pieces: [String], _ stops: [String]) -> Outcome {
        var matcher = StopStringMatcher(stops)
        var released = ""
        var fed: [UInt8] = []
        for piece in pieces {
            fed += Array(piece.utf8)
            let (text, stopped) = matcher.append(piece)
            released += text
            if stopped { return Outcome(released, stopped: true) }
            let held = fed.count - released.utf8.count
            #expect(fed.starts(with: released.utf8))
            let longest = stops.map { stop in
                (0..<stop.utf8.count).last { fed.suffix($0).elementsEqual(stop.utf8.prefix($0)) } ?? 0
            }
            #expect(held == longest.max() ?? 0, "'\(piece)' of \(pieces) with stops \(stops)")
        }
        return Outcome(released + matcher.finish(), stopped: false)
    }

    /// Every way to cut a text between its scalars.
    static func splits(_ text: String) -> [[String]] {
        let scalars = Array(text.unicodeScalars)
        guard scalars.count > 1 else { return [[text]] }
        return (0..<1 << (scalars.count - 1)).map { cuts in
            var pieces = [String(scalars[0])]
            for (index, scalar) in scalars.enumerated().dropFirst() {
                if cuts >> (index - 1) & 1 == 1 { pieces.append("") }
                pieces[pieces.count - 1].unicodeScalars.append(scalar)
            }
            return pieces
        }
    }

    @Test(
        "However a text is cut, the stop string that is complete first ends it",
        arguments: [
            ("one two\nthree", ["\n"], "one two"),
            ("xxabcxx", ["abcd", "bc"], "xxa"),
            ("xxabcdxx", ["abcd", "bc"], "xxa"),
            ("aabaabaac", ["aabaac"], "aab"),
            ("ENDEN EN", ["END.", "EN "], "END"),
            ("wait: STO P", ["STOP"], "wait: STO P"),
            ("user: hi\n\nUser:", ["\nUser:", "User:", "\n\nUser:"], "user: hi"),
            ("stop", ["stop"], ""),
            ("almost sto", ["stop"], "almost sto"),
            ("é日本😀!", ["本😀"], "é日"),
            ("e\u{301}x", ["\u{301}"], "e"),
            ("never", ["", "x"], "never"),
            ("anything", [], "anything"),
            ("", ["a"], ""),
        ])
    func everySplit(_ text: String, _ stops: [String], _ before: String) {
        let expected = Self.expected(text, stops)
        #expect(expected.text == Array(before.utf8))
        for pieces in Self.splits(text) { #expect(Self.run(pieces, stops) == expected, "\(pieces)") }
    }

    @Test("Random texts of few letters, with overlapping stop strings, end alike in every split")
    func random() {
        var state: UInt64 = 5
        func below(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let alphabet = ["a", "b", "é", "😀"]
        func word(_ length: Int, letters: Int) -> String { (0..<length).map { _ in alphabet[below(letters)] }.joined() }
        var stopped = 0
        for _ in 0..<400 {
            let letters = 2 + below(3)
            let text = word(1 + below(9), letters: letters)
            let stops = (0...below(4)).map { _ in word(1 + below(5), letters: letters) }
            let expected = Self.expected(text, stops)
            stopped += expected.stopped ? 1 : 0
            for pieces in Self.splits(text) {
                #expect(Self.run(pieces, stops) == expected, "\(pieces), stops \(stops)")
            }
        }
        #expect(stopped > 100 && stopped < 400)
    }

    @Test("Text that is held back comes out at the end, once")
    func finish() {
        var matcher = StopStringMatcher(["</answer>"])
        #expect(matcher.append("x < y, </ans").released == "x < y, ")
        #expect(matcher.finish() == "</ans")
        #expect(matcher.finish() == "")
        #expect(matcher.append("wer>").released == "wer>")
    }
}
