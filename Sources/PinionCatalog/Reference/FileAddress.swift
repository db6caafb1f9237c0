import Crypto
import Foundation

/// A model file at an address of its own: `https://host/path/model.gguf`, perhaps with `#sha256=DIGEST`.
package struct FileAddress: Sendable, Equatable {
    /// Bytes of an address; browsers and proxies take no longer ones either.
    static let maximumLength = 2_048
    private static let digestLabel = "sha256="

    /// As it was given.
    package let text: String
    /// Without the fragment.
    let url: URL
    let host: String
    /// The last part of the path.
    let fileName: String
    /// Lowercase hexadecimal; nil if the address states none.
    let sha256: String?

    /// - Throws: `invalidReference`.
    package init(_ text: String) throws(CatalogError) {
        func malformed(_ reason: String) -> CatalogError {
            // A name and password in it would end up in a log.
            let shown = text.contains("@") ? "an address with a name in it" : FileWords.quoted(text)
            return CatalogError(.invalidReference, "\(shown) is no address of a model file: \(reason)")
        }
        guard text.utf8.count <= Self.maximumLength else {
            throw malformed("it is longer than \(Self.maximumLength) bytes")
        }
        guard var parts = URLComponents(string: text), let host = parts.host, !host.isEmpty else {
            throw malformed("expected https://HOST/PATH/FILE.gguf")
        }
        guard parts.user == nil, parts.password == nil else {
            throw malformed("names and passwords in addresses end up in logs; leave them out")
        }
        var digest: String?
        if let fragment = parts.fragment {
            let stated =
                fragment.hasPrefix(Self.digestLabel) ? fragment.dropFirst(Self.digestLabel.count).lowercased() : ""
            guard FileHash.isHexadecimal(stated, length: FileHash.sha256Length) else {
                throw malformed("what follows the '#' is not sha256= and \(FileHash.sha256Length) hexadecimal digits")
            }
            digest = stated
        }
        guard parts.scheme == "https" || digest != nil else {
            throw malformed(
                "over http anyone on the way can change it; use https, or state its digest with #sha256=DIGEST")
        }
        parts.fragment = nil
        guard let url = parts.url else { throw malformed("expected https://HOST/PATH/FILE.gguf") }
        let name = url.lastPathComponent
        guard name.lowercased().hasSuffix(".gguf"), (try? StoredFileName(name)) != nil, !name.contains("/") else {
            throw malformed("its last part is no file name that ends in .gguf")
        }
        self.text = text
        self.url = url
        self.host = host.lowercased()
        fileName = name
        sha256 = digest
    }

    var id: String { ModelSource.idPart(host) + "/" + ModelSource.idPart(fileName) }

    /// Names the address's folder in the store.
    var key: String {
        String(FileHash.hexadecimal(SHA256.hash(data: Data(url.absoluteString.utf8))).prefix(ModelSource.keyLength))
    }
}
