/// Pointers into JSON values (RFC 6901).
package enum JSONPointer {
    /// The names and places on the way, `~1` standing for `/` and `~0` for `~`.
    package static func tokens(of pointer: String) -> [String] {
        pointer.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).dropFirst().map { token in
            var bytes: [UInt8] = []
            var rest = Array(token)[...]
            while let byte = rest.popFirst() {
                if byte == UInt8(ascii: "~"), let next = rest.first,
                    next == UInt8(ascii: "0") || next == UInt8(ascii: "1")
                {
                    bytes.append(next == UInt8(ascii: "0") ? byte : UInt8(ascii: "/"))
                    rest.removeFirst()
                } else {
                    bytes.append(byte)
                }
            }
            return String(decoding: bytes, as: UTF8.self)
        }
    }
}
