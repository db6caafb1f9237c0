import PinionJSON
import TestSupport
import Testing

@Suite("JSON reader")
struct JSONReaderTests {
    @Test("A reader takes what it asks for and skips the rest, in the order of the text")
    func picks() throws {
        let text = #"{"skip": [1, {"x": [true]}], "n\u0061me": "v\n", "list": [1, 2.5], "no": null, "yes": true}"#
        var seen: [String] = []
        try read(text) { reader throws(JSONError) in
            try reader.beginObject()
            while try reader.nextName() {
                if reader.isText("name") {
                    seen.append(try reader.readString())
                } else if reader.isText("list") {
                    try reader.beginArray()
                    while try reader.nextElement() { seen.append("\(try reader.readNumber().double ?? 0)") }
                } else if reader.isText("yes") {
                    seen.append("\(try reader.readBoolean())")
                } else if reader.isText("no") {
                    try reader.readNull()
                } else {
                    seen.append(reader.textString)
                    try reader.skipValue()
                }
            }
        }
        #expect(seen == ["skip", "v\n", "1.0", "2.5", "true"])
    }

    @Test("A value of another type is told by its type and place")
    func types() {
        let error = #expect(throws: JSONError.self) {
            try read("[1]") { reader throws(JSONError) in try reader.beginObject() }
        }
        #expect(error?.code == .type)
        #expect(error?.description == "expected an object, but found an array (at byte 0)")
        let string = #expect(throws: JSONError.self) {
            try read("[1]") { reader throws(JSONError) in
                try reader.beginArray()
                while try reader.nextElement() { _ = try reader.readString() }
            }
        }
        #expect(string?.description == "expected a string, but found a number (at byte 1)")
    }

    @Test("What its reader left unread is no end of the text")
    func unread() {
        #expect(throws: JSONError.self) { try read("[1, 2]") { reader throws(JSONError) in try reader.beginArray() } }
        #expect(throws: JSONError.self) { try read("1 2") { reader throws(JSONError) in try reader.skipValue() } }
    }

    @Test("Texts compare as bytes: escapes are decoded, canonical equivalents differ")
    func texts() throws {
        try read("[\"\\u00e9\", \"e\u{301}\", \"plain\"]") { reader throws(JSONError) in
            try reader.beginArray()
            _ = try reader.nextElement()
            try reader.readText()
            #expect(reader.isText("\u{E9}") && !reader.isText("e\u{301}"))
            #expect(reader.textBytes == [0xC3, 0xA9])
            _ = try reader.nextElement()
            try reader.readText()
            #expect(reader.isText("e\u{301}") && !reader.isText("\u{E9}"))
            _ = try reader.nextElement()
            try reader.readText()
            #expect(reader.withText { $0.count } == 5)
            #expect(try !reader.nextElement())
        }
    }

    @Test("Reading a tree and skipping it agree on 20,000 mutated texts, but for names used twice")
    func mutations() {
        let seeds: [[UInt8]] = [
            #"{"model":"m","messages":[{"role":"user","content":"h\u00e9\ud83d\ude00"}],"temperature":0.5,"n":2}"#,
            #"[null,true,false,-12.5e+3,"\\\"\/",{"a":[{}]},"é中"]"#,
        ].map { Array($0.utf8) }
        let spices = Array(#"{}[]",:\u0123456789eE+-.tfn"#.utf8) + [0, 0x1F, 0x80, 0xC3, 0xED, 0xF4, 0xFF]
        var generator = SeededGenerator(seed: 11)
        var refused = 0
        for round in 0..<20_000 {
            var bytes = seeds[round % seeds.count]
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<max(bytes.count, 1), using: &generator)
                let spice = spices[Int.random(in: 0..<spices.count, using: &generator)]
                switch Int.random(in: 0..<4, using: &generator) {
                case 0 where !bytes.isEmpty: bytes[place] = spice
                case 1 where !bytes.isEmpty: bytes.remove(at: place)
                case 2 where !bytes.isEmpty: bytes.removeSubrange(place...)
                default: bytes.insert(spice, at: min(place, bytes.count))
                }
            }
            let tree = Result { () throws(JSONError) in try JSONValue.parse(bytes, limits: limits) }
            let skipped = Result { () throws(JSONError) in
                try JSONReader.read(bytes, limits: limits) { (reader) throws(JSONError) in try reader.skipValue() }
            }
            switch (tree, skipped) {
            case (.success, .success): break
            case (.failure(let left), .failure(let right)):
                refused += left.code == .duplicateName || left == right ? 1 : 0
            case (.failure(let error), .success) where error.code == .duplicateName: refused += 1
            default: Issue.record("\(tree) and \(skipped) for \(bytes)")
            }
        }
        #expect(refused > 8_000)
    }

    @Test("Two million values of a tokenizer's size are read in under two seconds, and skipped")
    func largeFile() throws {
        var text = Array(#"{"model":{"vocab":{"#.utf8)
        for id in 0..<250_000 { text += Array("\(id == 0 ? "" : ",")\"token\(id)é\":\(id)".utf8) }
        text += Array(#"},"merges":["#.utf8)
        for id in 0..<850_000 { text += Array("\(id == 0 ? "" : ",")[\"a\(id)\",1]".utf8) }
        text += Array("]}}".utf8)
        let large = JSONLimits(depth: 16, values: 3_000_000)
        var ids = 0
        var pairs = 0
        let time = try processorTime {
            try JSONReader.read(text, limits: large) { (reader) throws(JSONError) in
                try reader.beginObject()
                while try reader.nextName() {
                    try reader.beginObject()
                    while try reader.nextName() {
                        if reader.isText("vocab") {
                            try reader.beginObject()
                            while try reader.nextName() {
                                if case .integer(let id) = try reader.readNumber() { ids += Int(id) }
                            }
                        } else {
                            try reader.beginArray()
                            while try reader.nextElement() {
                                try reader.skipValue()
                                pairs += 1
                            }
                        }
                    }
                }
            }
        }
        #expect(ids == 250_000 * 249_999 / 2 && pairs == 850_000)
        #expect(time < .seconds(2))
    }

    private func read(
        _ text: String, _ body: (inout JSONReader) throws(JSONError) -> Void
    ) throws(JSONError) {
        try JSONReader.read(Array(text.utf8), limits: limits, body)
    }
}
