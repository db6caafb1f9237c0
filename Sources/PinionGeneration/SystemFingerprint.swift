import TextGeneration

/// `system_fingerprint`: equal fingerprints and seeds mean equal text.
package enum SystemFingerprint {
    private static let hexDigits = 10

    /// `fp_` and a digest of what a reply depends on.
    ///
    /// - Parameter text: What was set for the model that its files do not say, such as a template's text; empty for nothing.
    package static func of(build: String, modelDigest: UInt64, numerics: String, text: String = "") -> String {
        let whole = "\(build)|\(modelDigest)|\(numerics)" + (text.isEmpty ? "" : "|" + text)
        let hex = String(StableHash.of(whole), radix: 16)
        let padded = String(repeating: "0", count: max(16 - hex.count, 0)) + hex
        return "fp_" + padded.suffix(hexDigits)
    }
}
