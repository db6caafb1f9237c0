/// Random letters and digits, for identifiers.
package enum Alphanumerics {
    private static let characters = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    /// From the system's generator, so that an identifier cannot be guessed from another.
    package static func random(_ length: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        return String(unsafeUninitializedCapacity: length) { buffer in
            for index in 0..<length {
                buffer.initializeElement(
                    at: index, to: characters[Int.random(in: 0..<characters.count, using: &generator)])
            }
            return length
        }
    }
}
