internal import CPinionPages
internal import Crypto

/// A file of the pages: HTML, style, script or picture, as the binary holds it.
///
///     PageAsset.named("chat.html")?.contentType    // text/html; charset=utf-8
package struct PageAsset: Sendable {
    /// The file's name, which is also the last part of its path: letters, digits, `-` and one dot.
    package let name: String
    package let contentType: String
    package let bytes: [UInt8]
    /// A strong entity tag with its quotes: it names exactly these bytes.
    package let entityTag: String

    /// Bytes of a SHA-256 digest that the entity tag tells: enough that no two files of the pages ever share one.
    private static let tagBytes = 12

    init(name: String, bytes: [UInt8]) {
        self.name = name
        self.bytes = bytes
        contentType = Self.contentType(of: name)
        let digest = SHA256.hash(data: bytes).prefix(Self.tagBytes)
        entityTag = "\"" + digest.map { String(UInt16($0) | 0x100, radix: 16).dropFirst() }.joined() + "\""
    }

    private static func contentType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "html": "text/html; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "js": "text/javascript; charset=utf-8"
        case "svg": "image/svg+xml"
        default: preconditionFailure("\(name) is no kind of file that a page is made of")
        }
    }
}

extension PageAsset {
    /// Every file of the pages, in the order of the table in `CPinionPages.c`.
    package static let all: [PageAsset] = {
        var count = 0
        let files = pinion_page_files(&count)
        return (0..<count).map { index in
            let file = files[index]
            return PageAsset(
                name: String(cString: file.name),
                bytes: Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
        }
    }()

    private static let byName = Dictionary(uniqueKeysWithValues: all.map { (Array($0.name.utf8), $0) })

    /// The file of a name; nil for a name that no file has. The name may come from anybody, and is compared as bytes.
    package static func named(_ name: some StringProtocol) -> PageAsset? {
        byName[Array(name.utf8)]
    }
}
