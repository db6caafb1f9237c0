/// Makes keys of the bytes that a terminal sends.
///
///     var decoder = KeyDecoder()
///     decoder.push([0x1B])                  // [] : an arrow may follow
///     decoder.push(Array("[A".utf8))        // [.up]
///
/// It is a state machine: bytes may be cut anywhere, within a scalar, a sequence or the mark of a paste. A single escape
/// is told from the beginning of a sequence by time alone, which the caller has: ``timeout()`` says that nothing followed.
package struct KeyDecoder: Sendable {
    /// Bytes of one paste; what is beyond them is left out.
    package static let maximumPaste = 256 << 10
    /// Bytes of a control sequence, beyond which it is none.
    private static let maximumSequence = 64
    private static let escape: UInt8 = 0x1B
    private static let pasteEnd = Array("\u{1B}[201~".utf8)

    private enum State: Equatable {
        case ground
        /// Behind an escape.
        case escape
        /// Within `ESC [ ... final`.
        case control([UInt8])
        /// Behind `ESC O`.
        case shifted
        /// Within a scalar of so many bytes.
        case scalar([UInt8], length: Int, isAlt: Bool)
        case paste
    }

    private var state = State.ground
    private var pasted: [UInt8] = []
    /// Bytes of ``pasteEnd`` that the paste's last bytes are.
    private var endMatch = 0
    /// Whether bytes of the last paste were left out.
    package private(set) var isPasteCut = false

    package init() {}

    /// Whether an escape waits for what follows it.
    package var isAmbiguous: Bool { state == .escape }

    package mutating func push(_ bytes: some Sequence<UInt8>) -> [Key] {
        var keys: [Key] = []
        for byte in bytes { take(byte, &keys) }
        return keys
    }

    /// Nothing followed for a while: an escape that waits was the key.
    package mutating func timeout() -> [Key] {
        guard isAmbiguous else { return [] }
        state = .ground
        return [.escape]
    }

    private mutating func take(_ byte: UInt8, _ keys: inout [Key]) {
        switch state {
        case .ground: ground(byte, isAlt: false, &keys)
        case .escape:
            switch byte {
            case UInt8(ascii: "["): state = .control([])
            case UInt8(ascii: "O"): state = .shifted
            case Self.escape: keys.append(.escape)
            default:
                state = .ground
                ground(byte, isAlt: true, &keys)
            }
        case .control(let parameters): control(byte, parameters, &keys)
        case .shifted:
            state = .ground
            if let key = Self.cursorKey(byte) { keys.append(key) }
        case .scalar(let bytes, let length, let isAlt): scalar(byte, bytes, length, isAlt, &keys)
        case .paste: paste(byte, &keys)
        }
    }

    private mutating func ground(_ byte: UInt8, isAlt: Bool, _ keys: inout [Key]) {
        switch byte {
        case Self.escape: state = .escape
        // A line feed too: a terminal or a script may send it for the key.
        case 0x0D, 0x0A: keys.append(isAlt ? .newLine : .enter)
        case 0x09: keys.append(.tab)
        case 0x7F, 0x08: keys.append(isAlt ? .alt("\u{7F}") : .backspace)
        case 0x00: break
        case 0x01...0x1A: keys.append(.control(Character(UnicodeScalar(byte + 0x60))))
        case 0x1C...0x1F: keys.append(.control(Character(UnicodeScalar(byte + 0x40))))
        case 0x20..<0x7F:
            let character = Character(UnicodeScalar(byte))
            keys.append(isAlt ? .alt(character) : .text(String(character)))
        case 0xC2...0xDF: state = .scalar([byte], length: 2, isAlt: isAlt)
        case 0xE0...0xEF: state = .scalar([byte], length: 3, isAlt: isAlt)
        case 0xF0...0xF4: state = .scalar([byte], length: 4, isAlt: isAlt)
        default: keys.append(.text("\u{FFFD}"))
        }
    }

    private mutating func scalar(
        _ byte: UInt8, _ bytes: [UInt8], _ length: Int, _ isAlt: Bool, _ keys: inout [Key]
    ) {
        guard byte & 0xC0 == 0x80 else {
            keys.append(.text("\u{FFFD}"))
            state = .ground
            return ground(byte, isAlt: false, &keys)
        }
        guard bytes.count + 1 == length else {
            state = .scalar(bytes + [byte], length: length, isAlt: isAlt)
            return
        }
        state = .ground
        let text = String(decoding: bytes + [byte], as: UTF8.self)
        // A control of the second set is no text, and nothing that is typed makes one.
        guard text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control }) else { return }
        if isAlt, let character = text.first { keys.append(.alt(character)) } else { keys.append(.text(text)) }
    }

    private mutating func control(_ byte: UInt8, _ parameters: [UInt8], _ keys: inout [Key]) {
        switch byte {
        case 0x20...0x3F:
            state = parameters.count < Self.maximumSequence ? .control(parameters + [byte]) : .ground
        case 0x40...0x7E:
            state = .ground
            finish(byte, parameters, &keys)
        case Self.escape: state = .escape
        default:
            state = .ground
            ground(byte, isAlt: false, &keys)
        }
    }

    private mutating func finish(_ final: UInt8, _ parameters: [UInt8], _ keys: inout [Key]) {
        let numbers = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map {
            Int(String(decoding: $0, as: UTF8.self)) ?? 0
        }
        let modifiers = numbers.count > 1 ? numbers[1] - 1 : 0
        // Bit 0 is Shift, 1 is Alt, 2 is Control.
        let isWord = modifiers & 6 != 0
        switch final {
        case UInt8(ascii: "~"):
            switch numbers.first {
            case 1, 7: keys.append(.home)
            case 3: keys.append(.delete)
            case 4, 8: keys.append(.end)
            case 5: keys.append(.pageUp)
            case 6: keys.append(.pageDown)
            case 27 where numbers.count == 3 && numbers[2] == 13: keys.append(modifiers == 0 ? .enter : .newLine)
            case 200:
                state = .paste
                pasted = []
                endMatch = 0
                isPasteCut = false
            default: break
            }
        // Of keyboards that tell every key by its number.
        case UInt8(ascii: "u") where numbers.first == 13: keys.append(modifiers == 0 ? .enter : .newLine)
        case UInt8(ascii: "C") where isWord: keys.append(.wordRight)
        case UInt8(ascii: "D") where isWord: keys.append(.wordLeft)
        default: if let key = Self.cursorKey(final) { keys.append(key) }
        }
    }

    private static func cursorKey(_ byte: UInt8) -> Key? {
        switch byte {
        case UInt8(ascii: "A"): .up
        case UInt8(ascii: "B"): .down
        case UInt8(ascii: "C"): .right
        case UInt8(ascii: "D"): .left
        case UInt8(ascii: "H"): .home
        case UInt8(ascii: "F"): .end
        case UInt8(ascii: "M"): .enter
        default: nil
        }
    }

    private mutating func paste(_ byte: UInt8, _ keys: inout [Key]) {
        if byte == Self.pasteEnd[endMatch] {
            endMatch += 1
            guard endMatch == Self.pasteEnd.count else { return }
            state = .ground
            keys.append(.paste(Self.text(ofPaste: pasted)))
            pasted = []
            return
        }
        // The mark's first byte stands in it once, so that a mark that broke off leaves nothing but this byte to try.
        keep(Self.pasteEnd[..<endMatch])
        endMatch = byte == Self.escape ? 1 : 0
        if endMatch == 0 { keep([byte]) }
    }

    private mutating func keep(_ bytes: some Collection<UInt8>) {
        if pasted.count + bytes.count <= Self.maximumPaste {
            pasted.append(contentsOf: bytes)
        } else {
            isPasteCut = true
        }
    }

    /// Line ends as line feeds; other controls are left out, as no text of a person holds them.
    private static func text(ofPaste bytes: [UInt8]) -> String {
        var text = ""
        var hasReturn = false
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            defer { hasReturn = scalar == "\r" }
            switch scalar {
            case "\r": text.unicodeScalars.append("\n")
            case "\n": if !hasReturn { text.unicodeScalars.append("\n") }
            case "\t": text.unicodeScalars.append(scalar)
            default: if scalar.properties.generalCategory != .control { text.unicodeScalars.append(scalar) }
            }
        }
        return text
    }
}
