import HTTPTypes
import Hummingbird
import PinionPages
import PinionWire

/// `GET /`, `GET /status` and the files that the two pages are made of, below `/pages`.
///
/// They are open, because a browser has no key before the page asked for one; they hold nothing but themselves. What the
/// pages show comes from the other routes, which ask for keys.
struct PageRoutes: Sendable {
    private static let filesPath = "/pages"

    /// Whether a registered path is that of the files.
    static func isFile(_ route: String) -> Bool {
        route.hasPrefix(filesPath)
    }

    var routes: [Route] {
        [
            Route(path: "/", isOpen: true) { request, _ in try Self.reply("chat.html", to: request) },
            Route(path: "/status", isOpen: true) { request, _ in
                // Addresses within a page are relative to it, so that it can be served under a prefix: a slash at the end
                // of its own address would lead them astray.
                guard request.uri.path.utf8.last != UInt8(ascii: "/") else {
                    return Response(status: .permanentRedirect, headers: [.location: "../status"])
                }
                return try Self.reply("status.html", to: request)
            },
            Route(path: Self.filesPath, takesBelow: true, isOpen: true) { request, _ in
                try Self.reply(request.uri.path.dropFirst(Self.filesPath.count + 1), to: request)
            },
        ]
    }

    private static func reply(_ name: some StringProtocol, to request: Request) throws -> Response {
        guard let asset = PageAsset.named(name) else { throw APIError.noSuchFile }
        var headers = PageHeaders.all
        headers[.eTag] = asset.entityTag
        if let known = request.headers[.ifNoneMatch], EntityTags(known).contain(asset.entityTag) {
            return Response(status: .notModified, headers: headers)
        }
        headers[.contentType] = asset.contentType
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: ByteBuffer(bytes: asset.bytes)))
    }
}

/// What every reply with a page or a file of one says beside its type.
private enum PageHeaders {
    static let all: HTTPFields = [
        .contentSecurityPolicy: policy.joined(separator: "; "),
        .xContentTypeOptions: "nosniff",
        .referrerPolicy: "no-referrer",
        .openerPolicy: "same-origin",
        .resourcePolicy: "same-origin",
        // Asked for anew each time and answered with a 304: a page never works with the scripts of another version.
        .cacheControl: "no-cache",
    ]

    /// Nothing but files and routes of this server, no frame around the page, and no text that becomes script.
    private static let policy = [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "connect-src 'self'",
        "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'", "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    ]
}

/// The entity tags of an `If-None-Match`.
private struct EntityTags {
    private let header: String

    init(_ header: String) { self.header = header }

    /// Whether a tag is among them; weak ones count as strong ones, as the comparison for this header has it.
    func contain(_ tag: String) -> Bool {
        header.utf8.split(separator: UInt8(ascii: ",")).contains { part in
            var name = part.trimmingBlanks()
            if name.starts(with: "W/".utf8) { name = name.dropFirst(2) }
            return name.elementsEqual("*".utf8) || name.elementsEqual(tag.utf8)
        }
    }
}

extension APIError {
    fileprivate static let noSuchFile = APIError(
        status: 404, message: "No file of the pages has this name.", type: "invalid_request_error")
}
