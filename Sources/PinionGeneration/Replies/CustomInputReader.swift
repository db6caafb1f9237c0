import TextGeneration

/// Takes the text out of the arguments of a tool that takes a text: `{"input": "..."}`, as the text comes.
///
/// Arguments that are something else pass as they are.
struct CustomInputReader: Sendable {
    private enum Place: Sendable {
        /// In front of the text, behind so many bytes of ``opening``.
        case front(matched: Int)
        case text(JSONStringReader)
        case behind
        /// Within arguments that are something else.
        case foreign
    }

    /// What stands in front of the text; white space may stand anywhere in it but within the key.
    private static let opening = Array("{\"\(Tool.textArgument)\":\"".utf8)
    private static let key = 2..<opening.count - 2

    private var place = Place.front(matched: 0)
    /// What was read and not told: the arguments so far, or an escape that has only begun.
    private var held: [UInt8] = []
    /// Whether the text turned out to be no JSON string.
    private(set) var isFailed = false

    mutating func read(_ arguments: [UInt8]) -> [UInt8] {
        var result: [UInt8] = []
        for byte in arguments {
            switch place {
            case .front(let matched):
                held.append(byte)
                if byte == Self.opening[matched] {
                    let isLast = matched + 1 == Self.opening.count
                    place = isLast ? .text(JSONStringReader()) : .front(matched: matched + 1)
                    if isLast { held = [] }
                } else if !byte.isJSONSpace || Self.key.contains(matched) {
                    place = .foreign
                    result += takeHeld()
                }
            case .text(var string):
                held.append(byte)
                switch string.read(byte) {
                case .text(let bytes):
                    result += bytes
                    if !bytes.isEmpty { held = [] }
                    place = .text(string)
                case .end:
                    held = []
                    place = .behind
                case .wrong:
                    isFailed = true
                    place = .foreign
                    result += takeHeld()
                }
            case .behind: break
            case .foreign: result.append(byte)
            }
        }
        return result
    }

    /// What was held back, once the arguments have ended: a beginning of arguments that never came to their text.
    mutating func finish() -> [UInt8] {
        guard case .front = place else { return [] }
        return takeHeld()
    }

    private mutating func takeHeld() -> [UInt8] {
        defer { held = [] }
        return held
    }
}
