import TextGeneration

/// Takes the text out of the arguments of a tool that takes a text: `{"input": "..."}`, as the text comes.
struct CustomInputReader: Sendable {
    private enum Place: Sendable {
        /// In front of the text: what was read.
        case front
        case text(JSONStringReader)
        case behind
    }

    private static let opening = Array("{\"\(Tool.textArgument)\":\"".utf8)
    private var place = Place.front
    private var front: [UInt8] = []
    /// Whether the arguments are something else, which passes as it is.
    private var isForeign = false

    mutating func read(_ arguments: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in arguments {
            if isForeign {
                result.append(byte)
                continue
            }
            switch place {
            case .front:
                front.append(byte)
                let bare = front.filter { !$0.isJSONSpace }
                if bare == Self.opening {
                    place = .text(JSONStringReader())
                } else if !Self.opening.starts(with: bare) {
                    isForeign = true
                    result += front
                }
            case .text(var string):
                switch string.read(byte) {
                case .text(let bytes):
                    result += bytes
                    place = .text(string)
                case .end, .wrong: place = .behind
                }
            case .behind: break
            }
        }
        return result
    }
}
