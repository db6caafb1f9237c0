/// The address of a link, between its parentheses: `address`, `<address>`, and perhaps a title.
enum LinkTarget {
    enum Reading {
        /// The address, and where what follows the parenthesis begins.
        case found(String, end: Int)
        /// The bytes end before the address does.
        case incomplete
        /// It is no address.
        case none
    }

    /// - Parameter start: Behind the opening parenthesis.
    static func read(_ bytes: [UInt8], from start: Int) -> Reading {
        var position = skipSpace(bytes, start)
        guard position < bytes.count else { return .incomplete }
        let address: Range<Int>
        if bytes[position] == UInt8(ascii: "<") {
            guard let end = bytes[position...].firstIndex(where: { $0 == UInt8(ascii: ">") || $0 == 0x0A }) else {
                return .incomplete
            }
            guard bytes[end] == UInt8(ascii: ">") else { return .none }
            address = position + 1..<end
            position = end + 1
        } else {
            guard let end = bareEnd(bytes, position) else { return .incomplete }
            address = position..<end
            position = end
        }
        position = skipSpace(bytes, position)
        guard position < bytes.count else { return .incomplete }
        if let quote = [UInt8(ascii: "\""), UInt8(ascii: "'")].first(where: { $0 == bytes[position] }) {
            guard let end = bytes[(position + 1)...].firstIndex(of: quote) else { return .incomplete }
            position = skipSpace(bytes, end + 1)
            guard position < bytes.count else { return .incomplete }
        }
        guard bytes[position] == UInt8(ascii: ")") else { return .none }
        return .found(String(decoding: bytes[address], as: UTF8.self), end: position + 1)
    }

    /// The end of an address without brackets: a space, or the parenthesis that closes the link.
    private static func bareEnd(_ bytes: [UInt8], _ start: Int) -> Int? {
        var depth = 0
        for index in start..<bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x09: return index
            case UInt8(ascii: "("): depth += 1
            case UInt8(ascii: ")"):
                if depth == 0 { return index }
                depth -= 1
            default: break
            }
        }
        return nil
    }

    private static func skipSpace(_ bytes: [UInt8], _ start: Int) -> Int {
        var position = start
        while position < bytes.count, [0x20, 0x0A, 0x09].contains(bytes[position]) { position += 1 }
        return position
    }
}
