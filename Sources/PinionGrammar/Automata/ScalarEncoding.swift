/// How the characters of a text are spelled in bytes.
package enum ScalarEncoding: Sendable, Hashable {
    /// As UTF-8.
    case utf8
    /// As between the quotes of a JSON string: UTF-8, but that quotes, backslashes and controls have the one escape that
    /// ``ByteAutomaton/jsonSpelling(of:)`` gives them. Texts and spellings correspond one to one.
    case jsonString
}

extension ScalarEncoding {
    /// The controls with an escape of one letter.
    static let shortEscapes: [(scalar: UInt8, letter: UInt8)] = [
        (0x08, UInt8(ascii: "b")), (0x09, UInt8(ascii: "t")), (0x0A, UInt8(ascii: "n")), (0x0C, UInt8(ascii: "f")),
        (0x0D, UInt8(ascii: "r")),
    ]
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")
    /// Scalars below this one are never written literally in a JSON string.
    static let firstLiteral: UInt8 = 0x20
    static let hexDigits = Array("0123456789abcdef".utf8)
}

extension ByteAutomaton {
    /// How a text is spelled in a JSON string, without the quotes.
    package static func jsonSpelling(of string: String) -> [UInt8] {
        var spelling: [UInt8] = []
        spelling.reserveCapacity(string.utf8.count)
        for byte in string.utf8 {
            switch byte {
            case ScalarEncoding.quote, ScalarEncoding.backslash: spelling += [ScalarEncoding.backslash, byte]
            case ..<ScalarEncoding.firstLiteral:
                if let escape = ScalarEncoding.shortEscapes.first(where: { $0.scalar == byte }) {
                    spelling += [ScalarEncoding.backslash, escape.letter]
                } else {
                    spelling += Array("\\u00".utf8)
                    spelling += [ScalarEncoding.hexDigits[Int(byte >> 4)], ScalarEncoding.hexDigits[Int(byte & 15)]]
                }
            default: spelling.append(byte)
            }
        }
        return spelling
    }

    /// How a text is spelled as a JSON string, quotes included.
    package static func quotedSpelling(of string: String) -> [UInt8] {
        [ScalarEncoding.quote] + jsonSpelling(of: string) + [ScalarEncoding.quote]
    }

    /// One character.
    package static func anyScalar(_ encoding: ScalarEncoding) -> ByteAutomaton {
        switch encoding {
        case .utf8: utf8Scalar
        case .jsonString: jsonScalar
        }
    }

    /// Every text, the empty one included.
    package static func anyText(_ encoding: ScalarEncoding) -> ByteAutomaton {
        switch encoding {
        case .utf8: utf8Text
        case .jsonString: jsonText
        }
    }

    /// The texts of `min` to `max` Unicode scalars; `max` nil is without bound.
    ///
    /// Throws `limit` beyond some thousand scalars, because each is about ten states; ``Production/counted(_:min:max:)`` counts
    /// further.
    package static func length(
        _ min: Int, _ max: Int?, encoding: ScalarEncoding
    ) throws(GrammarError) -> ByteAutomaton {
        if min == 0, max == nil { return anyText(encoding) }
        return try anyScalar(encoding).repeated(min, max)
    }

    private static let utf8Scalar = scalars(.utf8, isRepeated: false)
    private static let jsonScalar = scalars(.jsonString, isRepeated: false)
    private static let utf8Text = scalars(.utf8, isRepeated: true)
    private static let jsonText = scalars(.jsonString, isRepeated: true)

    private static func scalars(_ encoding: ScalarEncoding, isRepeated: Bool) -> ByteAutomaton {
        do {
            let partition = try ScalarPartition([])
            var table = StateTable(symbolCount: partition.symbolCount)
            try table.addState(accepting: isRepeated)
            if !isRepeated { try table.addState(accepting: true) }
            table.transitions[0] = isRepeated ? 0 : 1
            return try ScalarEncoder(partition, encoding).automaton(of: table)
        } catch {
            preconditionFailure("the characters of an encoding need a dozen states: \(error)")
        }
    }
}
