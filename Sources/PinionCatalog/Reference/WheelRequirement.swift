/// A Python package that carries a model file: `pip:NAME` or `pip:NAME==VERSION`.
package struct WheelRequirement: Sendable, Equatable {
    /// Characters of a name and of a version.
    static let maximumLength = 64

    /// In lower case, with dashes, as indexes compare names.
    package let name: String
    package let version: String?

    /// - Throws: `invalidReference`.
    package init(_ text: String) throws(CatalogError) {
        let sign = text.firstRange(of: "==")
        let name = sign.map { String(text[..<$0.lowerBound]) } ?? text
        let version = sign.map { String(text[$0.upperBound...]) }
        for part in [name, version ?? name] {
            // Not whatever pip reads: an option or an address of its own must not get through.
            let isPlain = part.utf8.allSatisfy(ModelSource.isPlain) && part.utf8.first.map(Self.isAlphanumeric) == true
            guard isPlain, part.utf8.count <= Self.maximumLength else {
                throw CatalogError(
                    .invalidReference,
                    "'pip:\(text)' names no Python package: expected pip:NAME or pip:NAME==VERSION of letters, digits "
                        + "and ._-, up to \(Self.maximumLength) each")
            }
        }
        self.name = name.lowercased().replacing("_", with: "-").replacing(".", with: "-")
        self.version = version
    }

    /// What pip is asked for.
    var requirement: String { name + (version.map { "==" + $0 } ?? "") }

    package var description: String { "pip:" + requirement }

    private static func isAlphanumeric(_ byte: UInt8) -> Bool {
        ModelSource.isPlain(byte) && byte != UInt8(ascii: ".") && byte != UInt8(ascii: "_") && byte != UInt8(ascii: "-")
    }
}
