import Crypto

/// How secrets are made and digested.
enum KeySecret {
    static let marker = "pk-"
    /// 43 letters of 62 carry 256.03 bits.
    static let randomLetters = 43
    /// Letters of a secret, marker included, that are kept readable.
    static let prefixLength = 8
    /// A longer token is refused unread, so that hashing it costs nobody anything.
    static let maximumLength = 512

    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz".utf8)

    static func make() -> String {
        marker + letters(randomLetters)
    }

    /// Uniform random letters from the system's generator.
    static func letters(_ count: Int) -> String {
        var generator = SystemRandomNumberGenerator()
        let bytes = (0..<count).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &generator)] }
        return String(decoding: bytes, as: UTF8.self)
    }

    static func prefix(of secret: String) -> String {
        String(secret.prefix(prefixLength))
    }

    /// A plain SHA-256: the secrets are random, so there is no dictionary for a slow hash to defend against.
    static func digest(of secret: String) -> SHA256Digest {
        SHA256.hash(data: Array(secret.utf8))
    }
}
